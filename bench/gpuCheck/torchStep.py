"""The training step of src/engine/training/trainStep.ts in PyTorch, for timing beside ours on the same GPU.

Started by torchProcess.ts. One JSON object a line on standard input asks, one on standard output answers:
{"id": 1, "command": "hello"} -> {"id": 1, "ok": true, ...} or {"id": 1, "ok": false, "problem": "..."}.
Runs on torch 1.13 and newer; what a version lacks (fused AdamW, scaled_dot_product_attention, torch.compile) is
left out or said. Parameters have the names and shapes of the studio's checkpoints.
"""

import gc
import inspect
import json
import math
import os
import sys
import time

# whatever libraries print goes to standard error: standard output holds answers alone
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

MAX_PERIOD = 10000.0
CLIP = 1.0
EMA_DECAY = 0.999
PROJ_COEFF = 0.5
IN_FLIGHT = 8


def load_torch(device):
    """(torch, None), or (None, why not). `device` is "cuda", or "cpu" for trying this program without a GPU."""
    try:
        import torch
    except Exception as error:  # a broken installation raises more than ImportError
        return None, f"no torch: {error}"
    if not hasattr(torch, "__version__"):  # any folder of that name imports as an empty package
        return None, "no torch: a folder of that name is all that was found"
    if device == "cuda" and not torch.cuda.is_available():
        return None, f"torch {torch.__version__} without CUDA"
    return torch, None


def build_model(torch, spec):
    """SiT with its projector as a module whose state dict has the studio's names."""
    nn, F = torch.nn, torch.nn.functional
    shape = spec["shape"]
    width, heads, patch = shape["width"], shape["numHeads"], shape["patchSize"]
    channels, side, frequencies = shape["inChannels"], shape["inputSide"], shape["frequencySize"]
    grid = side // patch
    tokens = grid * grid
    fused_attention = getattr(F, "scaled_dot_product_attention", None)

    class Numbered(nn.Module):
        """Children under numbers, as in a Sequential of which only some members have parameters."""

        def __init__(self, children):
            super().__init__()
            for number, child in children.items():
                self.add_module(str(number), child)

        def of(self, number):
            return getattr(self, str(number))

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width)
            self.proj = nn.Linear(width, width)

        def forward(self, x):
            batch = x.shape[0]
            qkv = self.qkv(x).reshape(batch, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            q, k, v = qkv.unbind(0)  # [B, heads, T, head width]
            if fused_attention is not None:
                out = fused_attention(q, k, v)
            else:
                scores = (q * (width // heads) ** -0.5) @ k.transpose(-2, -1)
                out = scores.softmax(-1) @ v
            return self.proj(out.transpose(1, 2).reshape(batch, tokens, width))

    class Mlp(nn.Module):
        def __init__(self):
            super().__init__()
            hidden = int(width * shape["mlpRatio"])
            self.fc1 = nn.Linear(width, hidden)
            self.fc2 = nn.Linear(hidden, width)

        def forward(self, x):
            return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))

    def modulated(x, shift, scale):
        normal = F.layer_norm(x, (width,), eps=1e-6)
        return normal * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.attn = Attention()
            self.mlp = Mlp()
            self.adaLN_modulation = Numbered({1: nn.Linear(width, 6 * width)})

        def forward(self, x, c):
            parts = self.adaLN_modulation.of(1)(c).chunk(6, dim=1)
            shift_msa, scale_msa, gate_msa, shift_mlp, scale_mlp, gate_mlp = parts
            x = x + gate_msa.unsqueeze(1) * self.attn(modulated(x, shift_msa, scale_msa))
            return x + gate_mlp.unsqueeze(1) * self.mlp(modulated(x, shift_mlp, scale_mlp))

    class Projector(Numbered):
        def forward(self, h):
            return self.of(4)(F.silu(self.of(2)(F.silu(self.of(0)(h)))))

    class FinalLayer(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(width, patch * patch * channels)
            self.adaLN_modulation = Numbered({1: nn.Linear(width, 2 * width)})

        def forward(self, x, c):
            shift, scale = self.adaLN_modulation.of(1)(c).chunk(2, dim=1)
            return self.linear(modulated(x, shift, scale))

    class Sit(nn.Module):
        def __init__(self):
            super().__init__()
            rows = shape["numClasses"] + 1  # the last is the null class
            self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width), requires_grad=False)
            self.x_embedder = nn.Module()
            self.x_embedder.proj = nn.Conv2d(channels, width, patch, stride=patch)
            self.t_embedder = nn.Module()
            self.t_embedder.mlp = Numbered({0: nn.Linear(frequencies, width), 2: nn.Linear(width, width)})
            self.y_embedder = nn.Module()
            self.y_embedder.embedding_table = nn.Embedding(rows, width)
            self.blocks = nn.ModuleList(Block() for _ in range(shape["depth"]))
            self.final_layer = FinalLayer()
            p, z = spec["projectorWidth"], spec["featureWidth"]
            linears = {0: nn.Linear(width, p), 2: nn.Linear(p, p), 4: nn.Linear(p, z)}
            self.projectors = nn.ModuleList([Projector(linears)])
            powers = torch.arange(frequencies // 2, dtype=torch.float64) / (frequencies // 2)
            rates = torch.exp(-math.log(MAX_PERIOD) * powers).float()
            self.register_buffer("rates", rates, persistent=False)

        def times(self, t):
            angles = t.unsqueeze(1) * self.rates
            features = torch.cat([angles.cos(), angles.sin()], dim=1)
            return self.t_embedder.mlp.of(2)(F.silu(self.t_embedder.mlp.of(0)(features)))

        def patches(self, x):
            """[B, H, W, C] -> [B, T, C p p]: the order of a convolution's weight, which is used as a matrix."""
            cut = x.reshape(-1, grid, patch, grid, patch, channels).permute(0, 1, 3, 5, 2, 4)
            return cut.reshape(-1, tokens, channels * patch * patch)

        def forward(self, x, t, labels):
            """x [B, H, W, C] -> velocity [B, H, W, C], projected hidden state [B, T, Z]."""
            proj = self.x_embedder.proj
            h = F.linear(self.patches(x), proj.weight.reshape(width, -1), proj.bias) + self.pos_embed
            c = F.silu(self.times(t) + self.y_embedder.embedding_table(labels))
            projected = None
            for number, block in enumerate(self.blocks, start=1):
                h = block(h, c)
                if number == spec["encoderDepth"]:
                    projected = self.projectors[0](h)
            out = self.final_layer(h, c).reshape(-1, grid, grid, patch, patch, channels)
            return out.permute(0, 1, 3, 2, 4, 5).reshape(x.shape), projected

    return Sit()


def make_objective(torch):
    normalize = torch.nn.functional.normalize

    def objective(velocity, target, projected, features):
        """Mean squared error over everything, and the mean of -cosine over samples and tokens."""
        denoising = ((velocity.float() - target) ** 2).mean()
        cosine = (normalize(features, dim=-1) * normalize(projected.float(), dim=-1)).sum(-1)
        return denoising, -cosine.mean()

    return objective


def losses_of(model, objective, batch):
    """Velocity loss and alignment loss of a batch on the linear path: t = 0 is data, t = 1 is noise."""
    latents, noise, t, labels, features = batch
    along = t.reshape(-1, 1, 1, 1)
    velocity, projected = model((1 - along) * latents + along * noise, t, labels)
    return objective(velocity, noise - latents, projected, features)


def compile_regions(torch, model, objective):
    """Compiles a block once for all blocks, the head, the projector and the losses.

    The whole model as one graph takes a minute to compile, which no stage of the check has; the embedders, which are
    tiny, stay eager.
    """
    allow_many_variants(torch)
    for module in [*model.blocks, model.final_layer, *model.projectors]:
        module.forward = torch.compile(module.forward, dynamic=False)
    return torch.compile(objective, dynamic=False)


def read_floats(torch, path, dtype):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype)


def read_values(torch, entry):
    """By name, from one file of float32 values after each other."""
    flat = read_floats(torch, entry["path"], torch.float32)
    values, at = {}, 0
    for name, shape in entry["tensors"]:
        count = math.prod(shape)
        values[name] = flat[at : at + count].reshape(shape)
        at += count
    return values


def batch_shapes(spec):
    shape, batch = spec["shape"], spec["batch"]
    latent = [batch, shape["inputSide"], shape["inputSide"], shape["inChannels"]]
    tokens = (shape["inputSide"] // shape["patchSize"]) ** 2
    return latent, [batch, tokens, spec["featureWidth"]]


def make_batches(torch, spec):
    """Two batches on the host: those of the files where they are named, else random ones of the same shapes."""
    latent, features = batch_shapes(spec)
    if spec.get("batches"):
        batches = []
        for entry in spec["batches"]:
            floats = read_values(torch, entry)
            labels = torch.tensor(entry["labels"], dtype=torch.int64)
            batches.append([floats["latents"], floats["noise"], floats["t"], labels, floats["features"]])
        return batches
    torch.manual_seed(0)
    classes = spec["shape"]["numClasses"] + 1
    return [
        [
            torch.randn(latent),
            torch.randn(latent),
            torch.rand(spec["batch"]),
            torch.randint(classes, (spec["batch"],)),
            torch.randn(features),
        ]
        for _ in range(2)
    ]


def set_values(torch, model, spec):
    """The file's values, or small normals: none of the zeros a real start has, which would leave the blocks idle."""
    with torch.no_grad():
        if spec.get("values"):
            values = read_values(torch, spec["values"])
            missing, unexpected = model.load_state_dict(values, strict=False)
            if missing or unexpected:
                raise ValueError(f"parameters missing: {missing}, unknown: {unexpected}")
            return
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.02)
            else:
                parameter.zero_()


class Step:
    """A model, its optimiser and its average, and how a step of them is done."""

    def __init__(self, torch, device, spec, precision, compiled):
        self.torch, self.device, self.precision = torch, device, precision
        model = build_model(torch, spec)
        set_values(torch, model, spec)
        self.model = model.to(device)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.average = [p.detach().clone() for p in self.parameters]
        options = {"lr": 1e-4, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}
        known = inspect.signature(torch.optim.AdamW).parameters
        if "fused" in known and device == "cuda":
            options["fused"] = True
        self.optimizer = torch.optim.AdamW(self.parameters, **options)
        self.objective = make_objective(torch)
        if compiled:
            if not hasattr(torch, "compile"):
                raise RuntimeError(f"torch {torch.__version__} has no torch.compile")
            self.objective = compile_regions(torch, self.model, self.objective)
        self.batches = make_batches(torch, spec)
        if device == "cuda":
            self.batches = [[part.pin_memory() for part in batch] for batch in self.batches]
        self.steps = 0

    def one(self):
        """One step from arrays on the host; returns its numbers on the device."""
        torch = self.torch
        set_precision(torch, self.precision)
        host = self.batches[self.steps % len(self.batches)]
        self.steps += 1
        batch = [part.to(self.device, non_blocking=True) for part in host]
        self.optimizer.zero_grad(set_to_none=True)
        if self.precision == "bfloat16":
            with torch.autocast(self.device, dtype=torch.bfloat16):
                denoising, alignment = losses_of(self.model, self.objective, batch)
        else:
            denoising, alignment = losses_of(self.model, self.objective, batch)
        (denoising + PROJ_COEFF * alignment).backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, CLIP)
        self.optimizer.step()
        with torch.no_grad():
            if hasattr(torch, "_foreach_lerp_"):
                torch._foreach_lerp_(self.average, self.parameters, 1 - EMA_DECAY)
            else:
                torch._foreach_mul_(self.average, EMA_DECAY)
                torch._foreach_add_(self.average, self.parameters, alpha=1 - EMA_DECAY)
        return torch.stack([denoising.detach().float(), alignment.detach().float(), norm.detach().float()])


def allow_many_variants(torch):
    """Variants share their code: past this many of them, torch would run the next one eagerly and not say so."""
    config = torch._dynamo.config
    for name in ("cache_size_limit", "recompile_limit"):
        if hasattr(config, name):
            setattr(config, name, 64)


def set_precision(torch, precision):
    """float32 products without tf32 unless it is asked for; set before every step, for variants take turns."""
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")


def words_of(error):
    """The first two lines: a failed compilation names its backend in the first and the reason in the second."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines[:2])}"[:400]


class Server:
    def __init__(self, device):
        self.device = device
        self.torch, self.problem = load_torch(device)
        self.steps = {}

    def hello(self, _):
        torch = self.torch
        cuda = self.device == "cuda"
        return {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "cuda": (torch.version.cuda or getattr(torch.version, "hip", None)) if cuda else None,
            "device": torch.cuda.get_device_name(0) if cuda else f"CPU, {torch.get_num_threads()} threads",
            "compiles": hasattr(torch, "compile"),
        }

    def synchronize(self):
        if self.device == "cuda":
            self.torch.cuda.synchronize()

    def open(self, ask):
        """Builds a variant and does its first steps; the first one compiles where it is compiled."""
        cuda = self.torch.cuda if self.device == "cuda" else None
        before = cuda.memory_allocated() if cuda else 0
        if cuda:
            cuda.reset_peak_memory_stats()
        step = Step(self.torch, self.device, ask["workload"], ask["precision"], ask["compiled"])
        losses, first_ms = [], None
        for _ in range(ask["warmUp"]):
            start = time.perf_counter()
            losses.append(step.one().tolist())
            self.synchronize()
            first_ms = first_ms or 1000 * (time.perf_counter() - start)
        self.steps[ask["key"]] = step
        peak = cuda.max_memory_allocated() - before if cuda else None
        return {"losses": losses, "firstStepMs": first_ms, "memoryBytes": peak}

    def burst(self, ask):
        """So many steps one after another, at most IN_FLIGHT unfinished; the host's part is until control returns."""
        step, count, pending, host = self.steps[ask["key"]], ask["steps"], [], 0.0
        self.synchronize()
        start = time.perf_counter()
        numbers = None
        for _ in range(count):
            if self.device == "cuda" and len(pending) >= IN_FLIGHT:
                pending.pop(0).synchronize()
            before = time.perf_counter()
            numbers = step.one()
            if self.device == "cuda":
                event = self.torch.cuda.Event()
                event.record()
                pending.append(event)
            host += time.perf_counter() - before
        losses = numbers.tolist()
        self.synchronize()
        ms = 1000 * (time.perf_counter() - start) / count
        return {"ms": ms, "hostMs": 1000 * host / count, "losses": losses}

    def close(self, ask):
        self.steps.pop(ask["key"], None)
        if self.device == "cuda":
            self.torch.cuda.empty_cache()
        return {}

    def product(self, ask):
        """The rate of a square product, the best of a few bursts."""
        torch, side, precision = self.torch, ask["side"], ask["precision"]
        dtype = {"float16": torch.float16, "bfloat16": torch.bfloat16}.get(precision, torch.float32)
        set_precision(torch, precision)
        a = torch.full((side, side), 0.5, device=self.device, dtype=dtype)
        b = torch.full((side, side), 0.25, device=self.device, dtype=dtype)
        out = torch.empty_like(a)
        best, repeats = math.inf, 1
        for _ in range(ask.get("rounds", 6)):
            self.synchronize()
            start = time.perf_counter()
            for _ in range(repeats):
                torch.mm(a, b, out=out)
            self.synchronize()
            seconds = (time.perf_counter() - start) / repeats
            best = min(best, seconds)
            repeats = max(1, min(64, int(0.05 / seconds)))
        return {"gflops": 2 * side**3 / best / 1e9, "ms": 1000 * best}

    COMMANDS = ("hello", "open", "burst", "close", "product")

    def answer(self, ask):
        if self.problem is not None:
            return {"ok": False, "problem": self.problem}
        if ask.get("command") not in self.COMMANDS:
            return {"ok": False, "problem": f"no command {ask.get('command')!r}"}
        try:
            return {"ok": True, **getattr(self, ask["command"])(ask)}
        except Exception as error:  # out of memory among them: said, and the next variant goes on
            problem = words_of(error)
        if self.device == "cuda":
            gc.collect()  # what the failed attempt held, now that its frames are gone
            self.torch.cuda.empty_cache()
        return {"ok": False, "problem": problem}


def main():
    server = Server(sys.argv[1] if len(sys.argv) > 1 else "cuda")
    for line in sys.stdin:
        if not line.strip():
            continue
        ask = json.loads(line)
        ANSWERS.write(json.dumps({"id": ask.get("id"), **server.answer(ask)}) + "\n")


if __name__ == "__main__":
    main()
