import { ActionIcon } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { Unreadable } from "../../../common/storage/checked";
import { unreadableId } from "../../store/dataSlice";
import { useCommands } from "../commands";
import { Heading, Hint } from "../components/Notes";
import { unreadableName } from "../explain/unreadable";
import { useStudio } from "../useStudio";
import { Deletable, DeleteButton } from "./Deletable";
import classes from "../panels/panels.module.css";

/** What is stored and cannot be used; absent where there is none. */
export function UnreadableList() {
  const unreadable = useStudio((state) => state.data.unreadable);
  if (unreadable.length === 0) return null;
  return (
    <section className={classes.section} aria-label="Unreadable">
      <Heading order={3}>Unreadable</Heading>
      <Hint>Damaged, or of a later version. Everything else is as it was.</Hint>
      {unreadable.map((item) => (
        <UnreadableRow key={unreadableId(item)} item={item} />
      ))}
    </section>
  );
}

function UnreadableRow({ item }: { readonly item: Unreadable }) {
  const { deleteUnreadable, saveUnreadable } = useCommands();
  const id = unreadableId(item);
  const name = unreadableName(item);
  const deletion = { kind: "unreadable", key: id } as const;
  return (
    <Deletable deletion={deletion} name={name}>
      <div className={classes.row}>
        <div className={classes.rowMain}>
          <div className={classes.name} title={name}>
            {name}
          </div>
          <small>{item.why}</small>
        </div>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Save ${name} as a file`}
          onClick={() => saveUnreadable(id)}
        >
          <IconDownload size={16} stroke={1.6} />
        </ActionIcon>
        <DeleteButton
          deletion={deletion}
          label={`Delete ${name}`}
          onDelete={() => deleteUnreadable(id)}
        />
      </div>
    </Deletable>
  );
}
