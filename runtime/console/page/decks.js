// The decks of players: what each plays, how far it is, and who leads.

import { html, useRef } from "./vendor/preact-htm.js";
import { showTime } from "./show.js";
import { deckAt, placeOf } from "./beat.js";
import { Panel, useFrames, useTopic } from "./parts.js";

export function Decks() {
  const moment = useTopic("moment");
  const decks = moment?.decks ?? [];
  if (decks.length === 0) return null;
  return html`<${Panel} title="Decks" class="decks">
    <ul class="deck-list">${decks.map((deck) => html`<${Deck} key=${deck.name} deck=${deck} said=${moment.said} bar=${moment.beat.bar} />`)}</ul>
  <//>`;
}

function Deck({ deck, said, bar }) {
  const fill = useRef(null), place = useRef(null);
  useFrames(() => {
    const beat = deckAt(deck, said, showTime());
    const at = placeOf(beat, bar);
    fill.current.style.transform = `scaleX(${deck.length > 0 ? Math.min(1, Math.max(0, beat / deck.length)) : 0})`;
    const text = `${at.bar}.${at.beat}`;
    if (place.current.textContent !== text) place.current.textContent = text;
  });
  return html`<li class=${"deck" + (deck.leads ? " leads" : "") + (deck.playing ? "" : " stands")}>
    <div class="deck-head">
      <span class="deck-play" aria-label=${deck.playing ? "playing" : "stands"}>${deck.playing ? "▶" : "❚❚"}</span>
      <b class="deck-name">${deck.name}</b>
      ${deck.leads && html`<span class="chip lead">★ leads</span>`}
      ${deck.onAir && html`<span class="chip air">◉ on air</span>`}
      <span class="deck-bpm">${deck.bpm > 0 ? deck.bpm.toFixed(1) : "–"}</span>
    </div>
    <div class="deck-title">${deck.title ? html`<span>${deck.title}</span>` : html`<span class="soft">no track</span>`}${deck.artist && html`<span class="soft">${deck.artist}</span>`}</div>
    <div class="deck-line"><div class="deck-bar" aria-hidden="true"><i ref=${fill}></i></div><span class="deck-place" ref=${place}></span>
      ${deck.length > 0 && html`<span class="soft deck-length">/ ${placeOf(deck.length, bar).bar - 1}</span>`}</div>
  </li>`;
}
