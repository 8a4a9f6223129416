import { useState, type DragEvent } from "react";

/** Props of an element files can be dropped on; `data-over` is set while something is held over it. */
export function useDropZone(onDrop: (dropped: DataTransfer) => void) {
  const [over, setOver] = useState(false);
  return {
    "data-over": over || undefined,
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      onDrop(event.dataTransfer);
    },
  };
}
