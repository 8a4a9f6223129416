import {
  ActionIcon,
  Button,
  Group,
  Popover,
  TextInput,
  Tooltip,
  useMantineColorScheme,
} from "@mantine/core";
import {
  IconCheck,
  IconDatabase,
  IconDeviceDesktop,
  IconKeyboard,
  IconLink,
  IconMoon,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconPlayerStop,
  IconSun,
  IconX,
} from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import {
  cachedSoFar,
  canPause,
  selectActive,
  selectResumable,
  selectTrainBlock,
} from "../../store/selectors";
import { useCommands } from "../commands";
import { Logo } from "../components/Logo";
import { useCopy } from "../useCopy";
import { useStudio } from "../useStudio";
import classes from "./panels.module.css";

export interface HeaderBarProps {
  readonly onStorage: () => void;
  readonly onShortcuts: () => void;
}

export function HeaderBar({ onStorage, onShortcuts }: HeaderBarProps) {
  return (
    <header className={classes.header}>
      <h1 className={classes.brand}>
        <Logo size={22} />
        REPA Studio
      </h1>
      <Views />
      <Transport />
      <div className={classes.spacer} />
      <CopyLink />
      <Group gap={2} wrap="nowrap">
        <HeaderIcon label="Runs and storage" onClick={onStorage}>
          <IconDatabase size={18} stroke={1.6} />
        </HeaderIcon>
        <ThemeSwitch />
        <HeaderIcon label="Keyboard shortcuts (?)" onClick={onShortcuts}>
          <IconKeyboard size={19} stroke={1.6} />
        </HeaderIcon>
      </Group>
    </header>
  );
}

/** Links, because a view has an address. */
function Views() {
  const view = useStudio((state) => state.view);
  return (
    <nav className={classes.views} aria-label="Views">
      <a href="#/" aria-current={view === "train" ? "page" : undefined}>
        Train
      </a>
      <a href="#/data" aria-current={view === "data" ? "page" : undefined}>
        Data
      </a>
      <a href="#/analyse" aria-current={view === "analyse" ? "page" : undefined}>
        Analyse
      </a>
    </nav>
  );
}

/** Train, Pause and Resume share one place: the next sensible thing is always where the hand is. */
function Transport() {
  const commands = useCommands();
  const phase = useStudio((state) => state.run.phase);
  const active = useStudio(selectActive);
  const block = useStudio(selectTrainBlock);
  const resumable = useStudio(selectResumable);
  return (
    <Group gap={6} wrap="nowrap" role="group" aria-label="Training">
      {phase === "caching" ? (
        <Caching />
      ) : phase === "paused" ? (
        <Button size="xs" leftSection={<IconPlayerPlay size={15} />} onClick={commands.resume}>
          Resume
        </Button>
      ) : active ? (
        <Button
          size="xs"
          variant="light"
          leftSection={<IconPlayerPause size={15} />}
          disabled={!canPause(phase)}
          onClick={commands.pause}
        >
          Pause
        </Button>
      ) : (
        <Tooltip label={block} disabled={block === null} withArrow multiline maw={320}>
          <Button
            size="xs"
            leftSection={<IconPlayerPlay size={15} />}
            disabled={block !== null}
            onClick={commands.start}
          >
            Train
          </Button>
        </Tooltip>
      )}
      {resumable && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerPlay size={15} />}
          onClick={commands.resume}
        >
          Resume
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlayerSkipForward size={15} />}
        disabled={active ? phase !== "paused" : block !== null}
        onClick={commands.singleStep}
      >
        Step
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlayerStop size={15} />}
        disabled={!active || phase === "caching"}
        onClick={commands.stop}
      >
        Stop
      </Button>
    </Group>
  );
}

/** While caches are filled: leave, or begin with the images that are there. */
function Caching() {
  const { stop, trainOnCached } = useCommands();
  const images = useStudio((state) => cachedSoFar(state).images);
  const enough = useStudio((state) => cachedSoFar(state).enough);
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconX size={15} />} onClick={stop}>
        Cancel
      </Button>
      <Tooltip
        label={`Stop caching and train on the ${images} images that are in every cache`}
        disabled={!enough}
        withArrow
      >
        <Button size="xs" variant="light" disabled={!enough} onClick={trainOnCached}>
          Train on what is cached
        </Button>
      </Tooltip>
    </>
  );
}

function CopyLink() {
  const { copyLink } = useCommands();
  const { state, copy, close } = useCopy(copyLink);
  const shown = state.kind === "manual";
  return (
    <Popover opened={shown} onChange={close} width={340} position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={state.kind === "copied" ? <IconCheck size={15} /> : <IconLink size={15} />}
          onClick={copy}
        >
          {state.kind === "copied" ? "Copied" : "Copy link"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        {shown && (
          <TextInput
            label="Share link"
            description={state.reason}
            value={state.text}
            readOnly
            onFocus={(event) => event.currentTarget.select()}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

const NEXT_SCHEME = { auto: "light", light: "dark", dark: "auto" } as const;
const SCHEME_NAME = { auto: "system", light: "light", dark: "dark" } as const;
const SCHEME_ICON = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon } as const;

function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [hovered, setHovered] = useState(false);
  const next = NEXT_SCHEME[colorScheme];
  const Icon = SCHEME_ICON[colorScheme];
  return (
    <HeaderIcon
      label={`Theme: ${SCHEME_NAME[colorScheme]}${hovered ? `, next: ${SCHEME_NAME[next]}` : ""}`}
      onClick={() => setColorScheme(next)}
      onHover={setHovered}
    >
      <Icon size={18} stroke={1.6} />
    </HeaderIcon>
  );
}

function HeaderIcon(props: {
  readonly label: string;
  readonly onClick: () => void;
  readonly onHover?: (over: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <Tooltip label={props.label} withArrow>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={props.label}
        onClick={props.onClick}
        onMouseEnter={() => props.onHover?.(true)}
        onMouseLeave={() => props.onHover?.(false)}
      >
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}
