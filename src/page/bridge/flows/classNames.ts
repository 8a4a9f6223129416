import { z } from "zod";
import { EMOJI_SHAPE } from "../../../common/config/sizes";
import { fetchFile } from "../../../common/formats/fetchFile";
import type { StudioStore } from "../../store/studioStore";

const EmojiIndex = z.object({
  categories: z.array(z.string()),
  concepts: z.array(z.object({ category: z.int().min(0) })),
});

/** Reads the names of the built-in images' classes, and how many images each has. @throws StudioError DOWNLOAD_FAILED */
export async function loadClassNames(store: StudioStore): Promise<void> {
  const bytes = await fetchFile(new URL("emoji/", document.baseURI).href)("emoji.json");
  const { categories, concepts } = EmojiIndex.parse(JSON.parse(new TextDecoder().decode(bytes)));
  const { imagesPerGroup } = EMOJI_SHAPE;
  const counts = categories.map(
    (_, label) => imagesPerGroup * concepts.filter(({ category }) => category === label).length,
  );
  store.getState().setClassNames(categories, counts);
}
