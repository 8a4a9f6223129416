import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import { Button, Group, Modal, Text } from "@mantine/core";
import { useCommands } from "../commands";
import { useStudio } from "../useStudio";

/** In place of a link that nobody could open: the same as a file. */
export function UnlinkableModal({ opened }: { readonly opened: boolean }) {
  const failure = useStudio((state) => state.unlinkable);
  const setUnlinkable = useStudio((state) => state.setUnlinkable);
  const { saveRunFile } = useCommands();
  const close = () => setUnlinkable(null);
  return (
    <Modal
      opened={opened}
      onClose={close}
      title="Too long for a link"
      closeButtonProps={{ "aria-label": "Close too long for a link" }}
    >
      <Text size="sm">
        {failure?.message} {failure?.hint}
      </Text>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={close}>
          Close
        </Button>
        <Button
          onClick={() => {
            saveRunFile();
            close();
          }}
        >
          Save as a file
        </Button>
      </Group>
    </Modal>
  );
}
