import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Kbd.css";
import "@mantine/core/styles/Modal.css";
import "@mantine/core/styles/Table.css";
import { Kbd, Modal, Table } from "@mantine/core";

const SHORTCUTS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["Space"], "Pause or resume training"],
  [["."], "One step, then pause"],
  [["←", "→"], "Previous or next logged step"],
  [["Shift", "←", "→"], "Ten logged steps back or forward"],
  [["[", "]"], "Previous or next sample grid"],
  [["Home"], "First logged step"],
  [["End"], "Follow the newest step"],
  [["T"], "Train view"],
  [["D"], "Data view"],
  [["A"], "Analyse view"],
  [["?"], "This list"],
];

export function ShortcutsModal(props: { readonly opened: boolean; readonly onClose: () => void }) {
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
          {SHORTCUTS.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td w={130}>
                {keys.map((key) => (
                  <Kbd key={key} mr={4} size="sm">
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
