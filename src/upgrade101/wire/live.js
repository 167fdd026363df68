// The page's half of wire.live(). Every news comes as an output of its own, which brings the picture; this moves it into
// a view that stays, so that focus, an open "same in words" and what a screen reader listens to are not torn away.
window.u101Live = (key) => {
  const QUIET = 2500; // milliseconds between two announcements
  const SPOKEN = 3; // the most steps that one of them says
  const part = (name, where) => where.querySelector(`[data-part="${name}"]`);

  const begin = (view) => {
    const button = part("pause", view);
    view.u101 = { news: null, last: 0, waiting: [], spoken: Date.now() - QUIET / 2, timer: null };
    button.onclick = () => {
      const pressed = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(pressed));
      button.textContent = pressed ? "Go on" : "Pause";
      show(view);
    };
    view.hidden = false;
  };

  const show = (view) => {
    const { news } = view.u101;
    const paused = part("pause", view).getAttribute("aria-pressed") === "true";
    const said = news ? part("headline", news).textContent : "nothing has happened yet";
    part("status", view).textContent = `${paused ? "paused" : "live"} · ${said}`;
    if (paused || !news) return;
    part("picture", view).replaceChildren(...part("picture", news).cloneNode(true).childNodes);
    part("words", view).textContent = part("words", news).textContent;
    listen(view);
  };

  const listen = (view) => {
    const ears = view.u101;
    for (const step of part("steps", ears.news).children) {
      if (Number(step.dataset.number) > ears.last) {
        ears.last = Number(step.dataset.number);
        ears.waiting.push(step.textContent);
      }
    }
    if (ears.waiting.length) ears.timer ??= setTimeout(say, Math.max(ears.spoken + QUIET - Date.now(), 0), view);
  };

  const say = (view) => {
    const ears = view.u101;
    const said = ears.waiting.splice(0);
    ears.timer = null;
    ears.spoken = Date.now();
    const lines = said.length > SPOKEN ? [`${said.length} new steps, the last:`, said.at(-1)] : said;
    part("heard", view).replaceChildren(
      ...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })),
    );
  };

  for (const view of document.querySelectorAll(`.u101-live[data-live="${key}"]`)) {
    if (!view.u101) begin(view);
    const area = view.closest(".jp-OutputArea") ?? document;
    const news = area.querySelector(`.u101-news[data-live="${key}"]`);
    if (news) {
      const output = news.closest(".jp-OutputArea-child") ?? news;
      output.style.display = "none"; // it is shown by the view
      view.u101.news = news;
    }
    show(view);
  }
};
