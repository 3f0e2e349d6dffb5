// The thread. Whatever is put in twice is there once, and stands where its id says.

const NONE = "This comment was removed.";

/** `answer(comment)`: somebody wants to answer it; `more(comment)`: to see the rest of its answers. */
export function thread(root, { answer, more }) {
  const find = (id) => root.querySelector(`li[data-id="${Number(id)}"]`);
  const part = (item, selector) => item.querySelector(`:scope > ${selector}`);

  /** Show it as it is now. False if what it answers is not there. */
  function put(comment, fresh = false) {
    const siblings = comment.parent_id === null ? root : find(comment.parent_id)?.querySelector(":scope > ol");
    if (!siblings) return false;
    let item = find(comment.id);
    if (!item) {
      item = build("li", { "data-id": comment.id }, build("div", { class: "words" }), build("ol"));
      const later = [...siblings.children].find((each) => Number(each.dataset.id) > comment.id);
      siblings.insertBefore(item, later ?? null);
      item.classList.toggle("fresh", fresh);
    }
    part(item, ".words").replaceChildren(...words(comment));
    return true;
  }

  /** Those that were listed know how many answers they have; each says if there are more. */
  function putListed(comment) {
    put(comment);
    const item = find(comment.id);
    part(item, ".rest")?.remove();
    if (comment.replies_count > comment.replies.length) {
      const button = build("button", { type: "button", class: "quiet rest" }, "More answers");
      button.addEventListener("click", () => more(comment));
      item.append(button);
    }
    comment.replies.forEach(putListed);
  }

  /** Without its words where it has answers, else gone, with stones above that hold nothing more. */
  function remove({ id, stone }) {
    let item = find(id);
    if (stone && item) part(item, ".words").replaceChildren(build("p", { class: "stone" }, NONE));
    while (item && !stone) {
      const above = item.parentElement.closest("li");
      item.remove();
      item = above && part(above, ".words > .stone") && !above.querySelector("li, .rest") ? above : null;
    }
  }

  function words(comment) {
    if (comment.deleted) return [build("p", { class: "stone" }, NONE)];
    const html = build("div", { class: "html" });
    html.innerHTML = comment.html; // the API made it safe; all else here is put in as text
    const button = build("button", { type: "button", class: "quiet" }, "Answer");
    button.addEventListener("click", () => answer(comment));
    return [build("p", { class: "meta" }, ...byline(comment)), html, button];
  }

  return {
    put,
    putListed,
    remove,
    /** These are there from now on, and no others. */
    replace(comments) {
      const ids = new Set(all(comments).map(({ id }) => String(id)));
      for (const item of root.querySelectorAll("li")) if (!ids.has(item.dataset.id)) item.remove();
      comments.forEach(putListed);
    },
    get length() {
      return root.children.length;
    },
  };
}

function all(comments) {
  return comments.flatMap((comment) => [comment, ...all(comment.replies)]);
}

function byline({ author, status, created_at: created, edited_at: edited }) {
  const words = new Date(created).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const time = build("time", { datetime: created }, words);
  const notes = [edited && " · edited", status !== "approved" && " · waits, only you see it"];
  return [address(author.website, author.name), " · ", time, ...notes.filter(Boolean)];
}

/** A link, if it leads to a page at all. */
function address(text, name) {
  const url = URL.canParse(text ?? "") ? new URL(text) : null;
  if (!["http:", "https:"].includes(url?.protocol)) return build("strong", {}, name);
  return build("a", { href: url.href, rel: "nofollow ugc noopener" }, name);
}

/** An element; texts among `parts` stay texts. */
export function build(tag, attributes = {}, ...parts) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...parts);
  return element;
}
