// The page for who has no token yet, or one that is not taken.

import { html, useState } from "./vendor/preact-htm.js";
import { enter, start } from "./show.js";
import { useTopic } from "./parts.js";

export function Token() {
  const [wrong, setWrong] = useState(useTopic("link").wrong ?? false);
  const [token, setToken] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    if (await enter(token.trim())) return start();
    setWrong(true);
  };
  return html`<main class="token" data-test="token">
    <form class="panel" onSubmit=${submit}>
      <h1>This show asks for a token</h1>
      <p>On the machine of the show, <code>showrun ctl console</code> prints a link and a code to scan that carry one. There is one to drive and one to watch.</p>
      <label>Token <input type="password" autocomplete="off" autofocus value=${token} onInput=${(e) => setToken(e.currentTarget.value)} /></label>
      ${wrong && html`<p class="problem" role="alert">✕ The show did not take this token.</p>`}
      <button type="submit" class="plain-button strong">Enter</button>
    </form>
  </main>`;
}
