// Asking the API, and saying in words what went wrong.

/**
 * Why there is no answer: `message` is a sentence for people, `fields` has more by field name;
 * `temporary` says whether trying the same again may help.
 */
export class Refusal extends Error {
  constructor(message, { fields = {}, temporary = false } = {}) {
    super(message);
    this.fields = fields;
    this.temporary = temporary;
  }
}

/** Returns `ask(path, {method, body, key})`: what the API answers, as {status, data}. */
export function connect(root) {
  return async (path, { method = "GET", body, key } = {}) => {
    const headers = {};
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    let answer;
    try {
      answer = await fetch(new URL(path, root), {
        method,
        headers,
        body: body && JSON.stringify(body),
        credentials: "include", // the cookie by which the API knows a guest again
      });
    } catch {
      throw new Refusal("The server cannot be reached just now. Please try again in a moment.", { temporary: true });
    }
    const data = await answer.json().catch(() => null);
    if (!answer.ok) throw refusal(answer, data);
    return { status: answer.status, data };
  };
}

function refusal(answer, problem) {
  const seconds = Number(answer.headers.get("Retry-After"));
  if (seconds) {
    const why = answer.status === 429 ? "That was a lot at once." : "The server is busy.";
    return new Refusal(`${why} Please try again in ${inWords(seconds)}.`, { temporary: true });
  }
  const errors = problem?.errors ?? [];
  if (answer.status === 422 && errors.length) {
    const fields = Object.fromEntries(errors.map(({ field, message }) => [field, message]));
    return new Refusal("Please look again at what is marked.", { fields });
  }
  return new Refusal(problem?.detail ?? `The server answered ${answer.status}.`, { temporary: answer.status >= 500 });
}

function inWords(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
