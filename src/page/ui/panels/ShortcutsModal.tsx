import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Kbd.css";
import "@mantine/core/styles/Modal.css";
import "@mantine/core/styles/Table.css";
import { Button, Kbd, Modal, Table } from "@mantine/core";
import { COMMANDS } from "../../commands/commandList";
import { useStudioStore } from "../useStudio";

const KEY_NAMES: Readonly<Record<string, string>> = {
  " ": "Space",
  Control: "Ctrl",
  ArrowLeft: "←",
  ArrowRight: "→",
  PageUp: "Page up",
  PageDown: "Page down",
};

/** The keys of a shortcut, as they are printed on a keyboard. */
const keysOf = (shortcut: string): readonly string[] =>
  shortcut
    .split("+")
    .map((key) => KEY_NAMES[key] ?? (/^[a-z]$/.test(key) ? key.toUpperCase() : key));

const WITH_KEYS = COMMANDS.flatMap(({ id, about, shortcut }) =>
  shortcut === undefined ? [] : [{ id, about, keys: keysOf(shortcut) }],
);

export function ShortcutsModal(props: { readonly opened: boolean; readonly onClose: () => void }) {
  const store = useStudioStore();
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title="Keyboard shortcuts"
      size="sm"
      closeButtonProps={{ "aria-label": "Close keyboard shortcuts" }}
    >
      <Table fz="sm" verticalSpacing={6} withRowBorders={false}>
        <Table.Tbody>
          {WITH_KEYS.map(({ id, about, keys }) => (
            <Table.Tr key={id}>
              <Table.Td w={130}>
                {keys.map((key) => (
                  <Kbd key={key} mr={4} size="sm">
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{about}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Button
        size="compact-sm"
        variant="light"
        mt="sm"
        onClick={() => store.getState().showOverlay("tour")}
      >
        Show the tour of the page
      </Button>
    </Modal>
  );
}
