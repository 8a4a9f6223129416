import { lastImagePart, liveChanges } from "../../../common/config/imageEntries";
import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import "@mantine/core/styles/Table.css";
import { Alert, Button, Group, List, Modal, ScrollArea, Table, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Experiment } from "../../../common/config/experiment";
import { nonDefaults } from "../../../common/config/nonDefaults";
import { groupInfoOf } from "../../../common/config/settings";
import type { Failure } from "../../../common/errors/studioError";
import type { WeightsNeeded } from "../../../common/protocol/weights";
import { missingBytes } from "../../store/dataSlice";
import { selectActive } from "../../store/selectors";
import type { PendingLink } from "../../store/linkSlice";
import { useCommands } from "../commands";
import { formatBytes } from "../explain/format";
import { timelineText, valueText } from "../explain/names";
import { useStudio } from "../useStudio";

/** A share link or a file as opened: what it would run and cost. Nothing starts before the button. */
export function LinkModal({ opened }: { readonly opened: boolean }) {
  const link = useStudio((state) => state.link);
  const { dismissLink } = useCommands();
  return (
    <Modal
      opened={opened}
      onClose={dismissLink}
      title={link?.experiment === null ? `This ${link.from} cannot be opened` : "Shared experiment"}
      size="lg"
      closeButtonProps={{ "aria-label": "Close shared experiment" }}
    >
      {/* takes the focus when it opens, so that a stray Enter presses nothing */}
      <div tabIndex={-1} data-autofocus style={{ outline: "none" }}>
        {link && <LinkBody link={link} />}
      </div>
    </Modal>
  );
}

function LinkBody({ link }: { readonly link: PendingLink }) {
  const { experiment, timeline, issues, costEstimate, mismatch, failure } = link;
  return (
    <>
      {issues.length > 0 && (
        <NotTaken from={link.from} issues={issues} partly={experiment !== null} />
      )}
      {mismatch !== null && (
        <Alert color="yellow" variant="light" mb="md">
          {mismatch}
        </Alert>
      )}
      {failure && <Refused failure={failure} source={experiment?.data.imported?.source} />}
      {experiment && <SettingsTable experiment={experiment} from={link.from} />}
      {lastImagePart(timeline) && (
        <Text size="sm" mt="md">
          The run started early: here all images are encoded first, and then come in at its steps.
        </Text>
      )}
      {liveChanges(timeline).length > 0 && (
        <Text size="sm" mt="md">
          Live changes, replayed at their steps: {timelineText(timeline)}. “Edit it first” keeps
          them.
        </Text>
      )}
      {experiment && (
        <Text size="sm" c="dimmed" mt="md">
          {costEstimate
            ? `Runs ${experiment.optimizer.steps} steps here, on this machine. ${costText(costEstimate)}`
            : `Runs ${experiment.optimizer.steps} steps here, on this machine.`}
        </Text>
      )}
      {costEstimate && <Downloads needed={costEstimate.weights} />}
      <Choices link={link} dataMissing={failure?.code === "DATASET_MISSING"} />
    </>
  );
}

/** Settings of the link that were not read as written. */
function NotTaken(props: Pick<PendingLink, "from" | "issues"> & { readonly partly: boolean }) {
  const { from, issues, partly } = props;
  return (
    <Alert
      color="yellow"
      variant="light"
      mb="md"
      icon={<IconAlertTriangle />}
      title={partly ? `Part of the ${from} was not taken` : "Nothing in it could be read"}
    >
      {issues.map(({ path, message }) => (
        <div key={`${path} ${message}`}>
          {path !== "" && <strong>{path}: </strong>}
          {message}
        </div>
      ))}
    </Alert>
  );
}

/** Whether to run the link, to edit it, or to leave it. */
function Choices(props: { readonly link: PendingLink; readonly dataMissing: boolean }) {
  const { dataMissing } = props;
  const { experiment, timeline } = props.link;
  const { openLinked, dismissLink, showView } = useCommands();
  const loadExperiment = useStudio((state) => state.loadExperiment);
  const busy = useStudio(selectActive);
  const edit = () => {
    if (experiment) loadExperiment(experiment, null, timeline);
    dismissLink();
  };
  return (
    <Group justify="flex-end" mt="lg">
      {busy && experiment && (
        <Text size="sm" c="dimmed" flex={1}>
          A run is under way: this one can wait for its turn.
        </Text>
      )}
      <Button variant="default" onClick={dismissLink}>
        {experiment ? "Not now" : "Close"}
      </Button>
      {experiment && (
        <>
          <Button variant="default" disabled={busy} onClick={edit}>
            Edit it first
          </Button>
          {dataMissing ? (
            <Button
              disabled={busy}
              onClick={() => {
                edit();
                showView("data");
              }}
            >
              Open the Data view
            </Button>
          ) : (
            <Button onClick={openLinked}>{busy ? "Queue it" : "Run it"}</Button>
          )}
        </>
      )}
    </Group>
  );
}

function costText(costEstimate: NonNullable<PendingLink["costEstimate"]>): string {
  const bytes = missingBytes(costEstimate);
  return bytes > 0
    ? `${costEstimate.images} images are encoded first, ${formatBytes(bytes)} of browser storage.`
    : "All caches it needs are here already.";
}

/** Why the cost is not known; for images that are not here, where they are to be had. */
function Refused(props: { readonly failure: Failure; readonly source: string | undefined }) {
  const { failure, source } = props;
  return (
    <Alert
      color="yellow"
      variant="light"
      mb="md"
      icon={<IconAlertTriangle />}
      title={failure.code === "DATASET_MISSING" ? "Its images are not here" : failure.code}
    >
      <div>{failure.message}</div>
      <div>{failure.hint}</div>
      {failure.code === "DATASET_MISSING" && source !== undefined && (
        <div>
          They were made from <strong>{source}</strong>: import the same in the Data view, at the
          same side, then open this link again.
        </div>
      )}
    </Alert>
  );
}

/** Weights that will be asked for before anything runs. */
function Downloads({ needed }: { readonly needed: readonly WeightsNeeded[] }) {
  if (needed.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing is downloaded from elsewhere.
      </Text>
    );
  }
  return (
    <>
      <Text size="sm" mt="xs">
        Weights are downloaded first, once that is confirmed:
      </Text>
      <List size="sm" aria-label="Weights to download">
        {needed.map(({ label, files: [file], keptBytes }) => (
          <List.Item key={label}>
            {label}
            {file &&
              `, ${formatBytes(file.bytes - keptBytes)}, ${file.licence.name}${file.licence.nonCommercial ? ", no commercial use" : ""}`}
          </List.Item>
        ))}
      </List>
    </>
  );
}

/** Only what differs from the defaults: the rest needs no reading. */
function SettingsTable(props: {
  readonly experiment: Experiment;
  readonly from: PendingLink["from"];
}) {
  const { experiment, from } = props;
  const rows = nonDefaults(experiment);
  if (rows.length === 0) return <Text size="sm">All settings are the defaults.</Text>;
  return (
    <ScrollArea.Autosize mah={320}>
      <Table fz="sm" verticalSpacing={4} stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Setting</Table.Th>
            <Table.Th>In the {from}</Table.Th>
            <Table.Th>Default</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ setting, value }) => (
            <Table.Tr key={setting.path}>
              <Table.Td>
                <Text span c="dimmed" size="xs">
                  {groupInfoOf(setting.group).label}{" "}
                </Text>
                {setting.info.label}
              </Table.Td>
              <Table.Td fw={600}>{valueText(setting, value)}</Table.Td>
              <Table.Td c="dimmed">{valueText(setting, setting.defaultValue)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  );
}
