// One post with its reactions and comments, which change while one looks at them.

import { connect } from "./api.js";
import { build, thread } from "./comments.js";
import { keep } from "./forms.js";
import { listen } from "./live.js";

const PAUSE = 5_000;
const one = (selector) => document.querySelector(selector);

const root = new URL("/api/v1/", apiAddress());
const post = `posts/${encodeURIComponent(setting("post"))}`;
const ask = connect(root);
const comments = thread(one("#comments"), { answer, more });
let next = null; // the cursor of the next page of comments
let turns = 0; // how often the page was read
let waiting = null; // events that come while it is being read

/** From the address of this page (?post=my-post), or from its <meta> elements. */
function setting(name) {
  return new URLSearchParams(location.search).get(name) ?? one(`meta[name="${name}"]`).content;
}

/** HTML is taken from there as it comes, so a link to this page must not lead to somebody else's. */
function apiAddress() {
  const ours = one('meta[name="api"]').content;
  const named = new URL(setting("api"), location);
  const known = ["127.0.0.1", "localhost", "[::1]", location.hostname].includes(named.hostname);
  return known && ["http:", "https:"].includes(named.protocol) ? named : new URL(ours, location);
}

/** The whole page from the beginning; events that come meanwhile are applied afterwards. */
async function read() {
  const turn = ++turns;
  waiting ??= [];
  try {
    const answers = await Promise.all([ask(post), ask(`${post}/reactions`), readComments()]);
    if (turn !== turns) return; // begun again since
    const [found, reactions, page] = answers.map(({ data }) => data);
    showPost(found);
    showReactions(reactions);
    comments.replace(page.items);
    turnTo(page.next_cursor);
  } catch (error) {
    one("#post > .meta").textContent = error.message;
    if (error.temporary) setTimeout(read, PAUSE);
    return;
  }
  const events = waiting;
  waiting = null;
  for (const [kind, data] of events) apply(kind, data);
}

/** At least as many as are shown already. */
async function readComments() {
  const data = { items: [], next_cursor: null };
  do {
    const page = await readPage(data.next_cursor);
    data.items.push(...page.items);
    data.next_cursor = page.next_cursor;
  } while (data.next_cursor && data.items.length < comments.length);
  return { data };
}

async function readPage(cursor, more = {}) {
  const query = new URLSearchParams({ ...more, limit: "100", ...(cursor && { cursor }) });
  return (await ask(`${post}/comments?${query}`)).data;
}

/** All answers to a comment that has many. */
function more({ id }) {
  attempt(one("#comments-problem"), async () => {
    let cursor = null;
    do {
      const page = await readPage(cursor, { parent_id: id });
      page.items.forEach(comments.putListed);
      cursor = page.next_cursor;
    } while (cursor);
  });
}

function turnTo(cursor) {
  next = cursor;
  one("#more").hidden = !cursor;
}

/** An event has all that is needed; applied twice it changes nothing. */
function apply(kind, data) {
  if (waiting) {
    waiting.push([kind, data]);
  } else if (kind === "reactions.changed") {
    if (data.target_type === "posts") showCounts(data.counts);
  } else {
    if (kind === "comment.deleted") comments.remove(data);
    // What it answers is on a page that was not asked for yet; or was hidden, and stands there again.
    else if (!comments.put(data, true) && !next) read();
    showCount(data.comments_count);
    if (kind === "comment.created") one("#news").textContent = `${data.author?.name} commented.`;
  }
}

function showPost({ title, html, author, published_at: published, counts }) {
  document.title = title;
  one("#post h1").textContent = title;
  const day = new Date(published).toLocaleDateString([], { dateStyle: "long" });
  one("#post > .meta").textContent = `${author.display_name} · ${day}`;
  one("#post .text").replaceChildren(withPictures(html));
  one("#post").setAttribute("aria-busy", "false");
  showCount(counts.comments);
}

/** What the API made safe; it names pictures by their paths there. */
function withPictures(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const name of ["src", "srcset", "poster"]) {
    for (const element of template.content.querySelectorAll(`[${name}]`)) {
      const paths = element.getAttribute(name);
      element.setAttribute(name, paths.replace(/(^|,\s*)\/(?!\/)/g, `$1${root.origin}/`));
    }
  }
  return template.content;
}

function showCount(count) {
  one("#comments-count").textContent = count ? `(${count})` : "";
}

function showReactions({ counts, mine }) {
  const bar = one("#reactions");
  for (const kind of Object.keys(counts)) {
    let button = bar.querySelector(`[data-kind="${kind}"]`);
    if (!button) {
      const count = build("span", { class: "count" });
      button = build("button", { type: "button", "data-kind": kind }, kind, " ", count);
      button.addEventListener("click", () => react(button));
      bar.append(button);
    }
    button.setAttribute("aria-pressed", mine.includes(kind));
  }
  showCounts(counts);
}

/** Of all kinds; one that is not named has none. */
function showCounts(counts) {
  for (const button of one("#reactions").children) {
    const count = counts[button.dataset.kind] ?? 0;
    button.querySelector(".count").textContent = count || "";
  }
}

function react(button) {
  const method = button.getAttribute("aria-pressed") === "true" ? "DELETE" : "PUT";
  attempt(one("#reactions-problem"), async () => {
    showReactions((await ask(`${post}/reactions/${button.dataset.kind}`, { method })).data);
  });
}

/** What is written in the form answers this comment from now on; nobody's if it is null. */
function answer(comment) {
  const form = one("#comment-form");
  form.elements.parent_id.value = comment?.id ?? "";
  form.dispatchEvent(new Event("input"));
  entitle(comment ? `Your answer to ${comment.author.name}` : null);
  if (comment) form.elements.body.focus();
}

function entitle(title) {
  one("#comment-title").textContent = title ?? "Say something";
  one("#no-answer").hidden = !title;
}

async function comment({ parent_id: parent, website, ...said }, key) {
  const body = { ...said, parent_id: parent ? Number(parent) : null, website: website || null };
  const { status, data } = await ask(`${post}/comments`, { method: "POST", body, key });
  if (status === 201) comments.put(data, true);
  return status === 201 ? "Thank you, there it is." : data.detail;
}

async function write(letter, key) {
  await ask("contact", { method: "POST", body: letter, key });
  return one("#sent").textContent;
}

/** If it fails, the reason is shown in this place. */
async function attempt(place, act) {
  try {
    await act();
    place.textContent = "";
  } catch (error) {
    place.textContent = error.message;
  }
}

one("#more").addEventListener("click", () => {
  attempt(one("#comments-problem"), async () => {
    const page = await readPage(next);
    page.items.forEach(comments.putListed);
    turnTo(page.next_cursor);
  });
});
one("#no-answer").addEventListener("click", () => answer(null));
one("#comment-form").addEventListener("reset", () => answer(null));
keep(one("#comment-form"), `comment on ${root}${post}`, comment);
if (one("#comment-form").elements.parent_id.value) entitle("Your answer");
keep(one("#contact-form"), `letter to ${root}`, write);
listen(new URL(`events?topic=posts:${encodeURIComponent(setting("post"))}`, root), {
  changed: apply,
  anew: read,
  state(name) {
    const sign = one("#live");
    sign.dataset.state = name;
    sign.textContent = name === "live" ? "Live" : "Reconnecting";
  },
});
