// The stream of what changes, for as long as the page is open.

const KINDS = ["comment.created", "comment.updated", "comment.deleted", "reactions.changed"];
const SHORTEST = 1_000;
const LONGEST = 60_000;
const PATIENCE = 1_000;

/**
 * Calls `changed(kind, data)` for each event, `anew()` when the page must be read (once the stream
 * is open or seems not to open, and when events were missed), and `state(name)` with "live" or
 * "reconnecting".
 *
 * A browser connects again by itself when the connection breaks, and names the last event it got;
 * the server sends what came since. It gives up when it gets an error, so we make a new stream
 * then, after pauses that grow.
 */
export function listen(address, { changed, anew, state }) {
  let pause = SHORTEST;
  const late = setTimeout(anew, PATIENCE);

  function open() {
    const stream = new EventSource(address);
    let opened = false;
    stream.addEventListener("open", () => {
      clearTimeout(late);
      pause = SHORTEST;
      state("live");
      if (!opened) anew();
      opened = true;
    });
    stream.addEventListener("error", () => {
      state("reconnecting");
      if (stream.readyState !== EventSource.CLOSED) return;
      setTimeout(open, pause * (0.5 + Math.random()));
      pause = Math.min(2 * pause, LONGEST);
    });
    stream.addEventListener("reset", anew);
    for (const kind of KINDS) {
      stream.addEventListener(kind, (event) => changed(kind, JSON.parse(event.data).data));
    }
  }
  open();
}
