import { Alert, Button, Group, Modal, ScrollArea, Table, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Experiment } from "../../config/experiment";
import { nonDefaultFields } from "../../config/nonDefaults";
import { missingBytes } from "../../store/dataSlice";
import { fieldValue } from "../../store/experimentSlice";
import { FIELDS } from "../../store/fields";
import type { PendingLink } from "../../store/linkSlice";
import { useCommands } from "../commands";
import { formatBytes } from "../explain/format";
import { GROUP_NAMES, changeText, valueText } from "../explain/names";
import { useStudio } from "../useStudio";

/** A share link as opened: what it would run and cost. Nothing starts before the button. */
export function LinkModal() {
  const link = useStudio((state) => state.link);
  const { dismissLink } = useCommands();
  return (
    <Modal
      opened={link !== null}
      onClose={dismissLink}
      title={link?.experiment === null ? "This link cannot be opened" : "Shared experiment"}
      size="lg"
      closeButtonProps={{ "aria-label": "Close shared experiment" }}
    >
      {link && <LinkBody link={link} />}
    </Modal>
  );
}

function LinkBody({ link }: { readonly link: PendingLink }) {
  const { openLinked, dismissLink } = useCommands();
  const loadExperiment = useStudio((state) => state.loadExperiment);
  const { experiment, timeline, issues, bill, mismatch } = link;
  return (
    <>
      {issues.length > 0 && (
        <Alert
          color="yellow"
          variant="light"
          mb="md"
          icon={<IconAlertTriangle />}
          title={experiment ? "Part of the link was not taken" : "Nothing in it could be read"}
        >
          {issues.map(({ path, message }) => (
            <div key={`${path} ${message}`}>
              {path !== "" && <strong>{path}: </strong>}
              {message}
            </div>
          ))}
        </Alert>
      )}
      {mismatch !== null && (
        <Alert color="yellow" variant="light" mb="md">
          {mismatch}
        </Alert>
      )}
      {experiment && <SettingsTable experiment={experiment} />}
      {timeline.length > 0 && (
        <Text size="sm" mt="md">
          Live changes, replayed at their steps:{" "}
          {timeline.map(({ step, change }) => `${changeText(change)} at ${step}`).join("; ")}.
        </Text>
      )}
      {experiment && (
        <Text size="sm" c="dimmed" mt="md">
          {bill
            ? `Runs ${experiment.optimizer.steps} steps here, on this machine. ${costText(bill)} Nothing is downloaded from elsewhere.`
            : `Runs ${experiment.optimizer.steps} steps here, on this machine.`}
        </Text>
      )}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={dismissLink}>
          {experiment ? "Not now" : "Close"}
        </Button>
        {experiment && (
          <>
            <Button
              variant="default"
              onClick={() => {
                loadExperiment(experiment, null);
                dismissLink();
              }}
            >
              Edit it first
            </Button>
            <Button onClick={openLinked} data-autofocus>
              Run it
            </Button>
          </>
        )}
      </Group>
    </>
  );
}

function costText(bill: NonNullable<PendingLink["bill"]>): string {
  const bytes = missingBytes(bill);
  return bytes > 0
    ? `${bill.images} images are encoded first, ${formatBytes(bytes)} of browser storage.`
    : "All caches it needs are here already.";
}

/** Only what differs from the defaults: the rest needs no reading. */
function SettingsTable({ experiment }: { readonly experiment: Experiment }) {
  const defaults = Experiment.parse({});
  const paths = nonDefaultFields(experiment).map(({ path }) => path);
  const rows = FIELDS.filter(({ path }) => paths.includes(path));
  if (rows.length === 0) return <Text size="sm">All settings are the defaults.</Text>;
  return (
    <ScrollArea.Autosize mah={320}>
      <Table fz="sm" verticalSpacing={4} stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Setting</Table.Th>
            <Table.Th>In the link</Table.Th>
            <Table.Th>Default</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ path, group, name, info }) => (
            <Table.Tr key={path}>
              <Table.Td>
                <Text span c="dimmed" size="xs">
                  {GROUP_NAMES[group]}{" "}
                </Text>
                {info.label}
              </Table.Td>
              <Table.Td fw={600}>{valueText(fieldValue(experiment, group, name))}</Table.Td>
              <Table.Td c="dimmed">{valueText(fieldValue(defaults, group, name))}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  );
}
