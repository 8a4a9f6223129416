import { ActionIcon, Alert, Button, Loader, Select } from "@mantine/core";
import { IconAlertTriangle, IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { ImagePage } from "../../../common/protocol/previews";
import { BUILT_IN_DATA, MOST_SELECTED, PAGE_IMAGES, pictureOf } from "../../store/previewSlice";
import { useCommands } from "../commands";
import { Heading } from "../components/Notes";
import { useStudio, useStudioStore } from "../useStudio";
import { Picture } from "../components/Picture";
import classes from "./data.module.css";

/** Images of one data set by class; up to sixteen are chosen for the feature maps. */
export function ImageBrowser() {
  const page = useStudio((state) => state.preview.page);
  const loading = useStudio((state) => state.preview.loading);
  const failure = useStudio((state) => state.preview.failure);
  const query = useStudio((state) => state.preview.query);
  const { showImages } = useCommands();
  return (
    <section className={classes.card} aria-label="Images">
      <div className={classes.toolbar}>
        <Heading>Images</Heading>
        <ShownName />
        <ClassFilter />
        <span className={classes.heldKey}>held out</span>
        <span className={classes.spacer} />
        <Selection />
        <Pager total={page?.total ?? 0} />
      </div>
      {failure && (
        <Alert
          p="sm"
          color="red"
          variant="light"
          icon={<IconAlertTriangle />}
          title={`These images cannot be shown: ${failure.code}`}
        >
          <div>{failure.message}</div>
          <div>{failure.hint}</div>
          <Button size="xs" mt="xs" color="red" onClick={() => showImages({ ...query })}>
            Try again
          </Button>
        </Alert>
      )}
      {page && page.images.length > 0 && <Tiles page={page} />}
      {page?.images.length === 0 && <p className={classes.empty}>No image of this class.</p>}
      {!page && loading && (
        <div className={classes.empty} role="status" aria-label="Loading images">
          <Loader size="sm" />
        </div>
      )}
    </section>
  );
}

/** Name and classes of the data set that is shown. */
function useShown() {
  const shown = useStudio((state) => state.preview.query.shown);
  const imported = useStudio((state) => state.datasets.list?.find(({ id }) => id === shown));
  const classNames = useStudio((state) => state.data.classNames);
  const classCounts = useStudio((state) => state.data.classCounts);
  return shown === BUILT_IN_DATA
    ? { name: "Emoji, built in", classNames, classCounts }
    : {
        name: imported?.name ?? "",
        classNames: imported?.classNames ?? [],
        classCounts: imported?.classCounts ?? [],
      };
}

function ShownName() {
  return <span className={classes.faint}>{useShown().name}</span>;
}

const ALL = "all";

function ClassFilter() {
  const { classNames, classCounts } = useShown();
  const query = useStudio((state) => state.preview.query);
  const { showImages } = useCommands();
  const data = useMemo(
    () => [
      { value: ALL, label: "All classes" },
      ...classNames.map((name, label) => ({
        value: String(label),
        label: classCounts[label] === undefined ? name : `${name} (${classCounts[label]})`,
      })),
    ],
    [classNames, classCounts],
  );
  return (
    <Select
      size="xs"
      w={210}
      aria-label="Class"
      data={data}
      value={query.label === null ? ALL : String(query.label)}
      onChange={(value) =>
        showImages({ ...query, label: value === ALL ? null : Number(value), first: 0 })
      }
      allowDeselect={false}
      searchable={classNames.length > 12}
      limit={200}
      comboboxProps={{ shadow: "md", width: "max-content", position: "bottom-start" }}
    />
  );
}

function Selection() {
  const count = useStudio((state) => state.preview.selected.length);
  const clear = useStudio((state) => state.clearSelection);
  return (
    <>
      <span className={classes.faint} role="status">
        {count === 0 ? "none chosen" : `${count} of ${MOST_SELECTED} chosen`}
      </span>
      {count > 0 && (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={clear}>
          Clear
        </Button>
      )}
    </>
  );
}

function Pager({ total }: { readonly total: number }) {
  const query = useStudio((state) => state.preview.query);
  const { showImages } = useCommands();
  const { first } = query;
  const last = Math.min(first + PAGE_IMAGES, total);
  const go = (to: number) => showImages({ ...query, first: Math.max(0, to) });
  return (
    <div className={classes.pager} role="group" aria-label="Pages">
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label="Previous images"
        disabled={first === 0}
        onClick={() => go(first - PAGE_IMAGES)}
      >
        <IconChevronLeft size={16} />
      </ActionIcon>
      <span>{total > 0 ? `${first + 1}–${last} of ${total}` : "–"}</span>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label="Next images"
        disabled={last >= total}
        onClick={() => go(first + PAGE_IMAGES)}
      >
        <IconChevronRight size={16} />
      </ActionIcon>
    </div>
  );
}

/** How far an arrow key moves among the tiles; null for other keys. */
export function tileMove(key: string, columns: number): number | null {
  const moves: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    Home: -Infinity,
    End: Infinity,
  };
  return moves[key] ?? null;
}

/** Tiles that share one tab stop: arrows move, Space and Enter choose. */
function Tiles({ page }: { readonly page: ImagePage }) {
  const store = useStudioStore();
  const selected = useStudio((state) => state.preview.selected);
  const [at, setAt] = useState(0);
  const grid = useRef<HTMLDivElement>(null);
  const chosen = new Set(selected.map(({ image }) => image));
  const focusable = Math.min(at, page.images.length - 1);
  const pictures = useMemo(() => page.images.map((_, index) => pictureOf(page, index)), [page]);
  const onKeyDown = (event: KeyboardEvent) => {
    const tiles = [...(grid.current?.querySelectorAll("button") ?? [])];
    const top = tiles[0]?.offsetTop;
    const columns = tiles.filter(({ offsetTop }) => offsetTop === top).length;
    const move = tileMove(event.key, columns);
    if (move === null) return;
    event.preventDefault();
    const next = Math.min(Math.max(focusable + move, 0), tiles.length - 1);
    setAt(next);
    tiles[next]?.focus();
  };
  return (
    <div
      ref={grid}
      className={classes.tiles}
      role="group"
      aria-label="Images to choose from"
      onKeyDown={onKeyDown}
    >
      {pictures.map((picture, index) => {
        if (!picture) return null;
        const held = page.heldOut[index] === true;
        const name = page.classNames[picture.label] ?? `class ${picture.label}`;
        const label = `Image ${picture.image}: ${name}${held ? ", held out" : ""}`;
        return (
          <button
            key={picture.image}
            type="button"
            className={classes.tile}
            data-held={held || undefined}
            aria-pressed={chosen.has(picture.image)}
            aria-label={label}
            title={label}
            tabIndex={index === focusable ? 0 : -1}
            onFocus={() => setAt(index)}
            onClick={() => store.getState().toggleImage(picture.image)}
          >
            <Picture side={picture.side} rgb={picture.rgb} className={classes.picture} />
          </button>
        );
      })}
    </div>
  );
}
