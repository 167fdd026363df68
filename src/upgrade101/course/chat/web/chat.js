// The chat's client for a browser, without a library: the page and the box in a notebook both show it.
// It asks for nothing but its own WebSocket, and does what member.py does where a line ends.

const SIGN_OF_LIFE = 240_000; // milliseconds: API Gateway closes a line that was idle for ten minutes
const PATIENCE = 8_000; // milliseconds that an answer may take
const FIRST_WAIT = 250;
const LONGEST_WAIT = 20_000;

export const backoff = (attempt) => Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);

// Where to dial

const isLoopback = (host) => /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/.test(host);

function jupyterBase() {
  const config = document.getElementById("jupyter-config-data");
  if (config) return JSON.parse(config.textContent).baseUrl ?? null;
  return document.body?.dataset.baseUrl ?? null;
}

// Return the addresses to try, the likeliest first. A port of the machine that runs the notebook is not always one of
// the machine that shows it: on a hub, jupyter-server-proxy leads there, and has led this page here.
export function addresses(url, page = location, base = jupyterBase()) {
  const target = new URL(url);
  if (!isLoopback(target.hostname)) return [url];
  const proxied = page.pathname.match(/^(.*\/proxy\/)(?:absolute\/)?\d+(?:\/|$)/);
  const prefix = proxied ? proxied[1] : base && `${base}proxy/`;
  if (!prefix) return [url];
  const scheme = page.protocol === "https:" ? "wss:" : "ws:";
  const through = `${scheme}//${page.host}${prefix}${target.port}${target.pathname}${target.search}`;
  return isLoopback(page.hostname) && !proxied ? [url, through] : [through, url];
}

// What was read: each message once, in order

export class Diary {
  messages = [];
  last = null; // before the first answer of the room

  begin(since) {
    this.last ??= since;
  }

  take(message) {
    if (this.last === null || message.number > this.last + 1) return "gap";
    if (message.number <= this.last) return "old";
    this.messages.push(message);
    this.last = message.number;
    return "new";
  }
}

// One member of a room

export class Chat {
  diary = new Diary();
  people = [];
  waiting = new Map(); // said and not confirmed: text by id
  state = "connecting"; // connecting | here | lost | left
  complaint = "";
  #addresses;
  #at = 0;
  #attempt = 0;
  #line = null;
  #opened = false;
  #asking = false;
  #heard = 0; // the highest number that came by
  #edition = -1;
  #timers = {};
  #show;

  constructor({ addresses, room, name, show }) {
    this.#addresses = addresses;
    this.room = room;
    this.name = name;
    this.#show = show;
    this.#open();
  }

  say(text) {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0"));
    this.waiting.set(id.join(""), text);
    this.complaint = "";
    if (this.state === "here") this.#say(id.join(""), text);
    this.#show(this);
  }

  // Come back at once: the network says that it is there again.
  hurry() {
    if (this.state === "lost") this.#open();
  }

  leave() {
    this.state = "left";
    this.#drop();
    this.#show(this);
  }

  #open() {
    this.#drop();
    try {
      this.#line = new WebSocket(this.#addresses[this.#at]);
    } catch {
      return this.#lost(); // a secure page may not dial an insecure address
    }
    const line = this.#line;
    this.#opened = this.#asking = false;
    line.onopen = () => this.#ask();
    line.onmessage = ({ data }) => this.#take(data);
    line.onclose = () => this.#lost();
    this.#after("patience", PATIENCE, () => this.#lost());
  }

  #drop() {
    for (const name of Object.keys(this.#timers)) clearTimeout(this.#timers[name]);
    const line = this.#line;
    this.#line = null;
    if (line) {
      line.onopen = line.onmessage = line.onclose = null;
      line.close();
    }
  }

  #lost() {
    if (!this.#opened) this.#at = (this.#at + 1) % this.#addresses.length;
    this.#drop();
    this.state = "lost";
    this.#after("again", backoff(this.#attempt++), () => this.#open());
    this.#show(this);
  }

  #after(name, milliseconds, run) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(run, milliseconds);
  }

  #send(message) {
    if (this.#line?.readyState === WebSocket.OPEN) this.#line.send(JSON.stringify(message));
  }

  // "Here I am, and this is what I have": the answer is what is missing.
  #ask() {
    if (this.#asking) return;
    this.#asking = true;
    this.#send({ action: "join", room: this.room, name: this.name, since: this.diary.last });
    this.#after("patience", PATIENCE, () => this.#lost());
  }

  #say(id, text) {
    this.#send({ action: "say", id, text });
    this.#after("confirmed", PATIENCE, () => this.#ask());
  }

  #take(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message.type === "said") this.#writeDown(message);
    else if (message.type === "joined") this.#joined(message);
    else if (message.type === "people") this.#see(message);
    else if (message.type === "error") this.#refused(message);
    else this.#after("behind", backoff(this.#attempt++), () => this.#ask()); // a stranger here, or the gateway's error
    this.#show(this);
  }

  #joined(answer) {
    clearTimeout(this.#timers.patience);
    this.#asking = false;
    this.#opened = true;
    this.state = "here";
    this.diary.begin(answer.since);
    for (const message of answer.messages) this.#writeDown(message);
    this.#see(answer);
    if (answer.more || this.#heard > this.diary.last) return this.#ask();
    for (const [id, text] of this.waiting) this.#say(id, text);
    if (!this.waiting.size) this.#attempt = 0;
    this.#after("life", SIGN_OF_LIFE, () => this.#ask());
  }

  #writeDown(message) {
    this.#heard = Math.max(this.#heard, message.number);
    if (this.diary.take(message) === "gap") return this.#ask();
    if (this.waiting.delete(message.id)) this.#attempt = 0;
    if (!this.waiting.size) clearTimeout(this.#timers.confirmed);
  }

  #see({ people, edition }) {
    if (edition <= this.#edition) return;
    this.people = people;
    this.#edition = edition;
  }

  #refused({ error, id }) {
    this.complaint = error;
    if (!this.waiting.delete(id) && this.#asking) this.leave(); // not even this room or this name is possible
  }
}

// What is seen

const STATES = {
  connecting: "Connecting …",
  here: "Connected",
  lost: "The line is lost, trying again …",
  left: "You have left the room",
};

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function field(words, attributes) {
  const input = make("input", { autocomplete: "off", required: "", ...attributes });
  return [make("label", {}, make("span", {}, words), input), input];
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function said(message, mine) {
  const time = make("time", { datetime: new Date(message.at * 1000).toISOString() }, clock(message.at));
  const item = make("li", {}, make("b", {}, message.name), " ", make("span", {}, message.text), " ", time);
  if (mine) item.className = "mine";
  return item;
}

// Show the chat in an element: first who you are, then the room. Return what leaves the room, and what takes it away.
export function mount(root, { url, room = "", name = "", told = () => {} }) {
  let chat = null;
  let shown = 0;
  const [nameLabel, nameInput] = field("Your name", { maxlength: 40 });
  const [roomLabel, roomInput] = field("Room", { maxlength: 40 });
  const [textLabel, textInput] = field("Message", { maxlength: 500 });
  const door = make("form", { class: "door" }, nameLabel, roomLabel, make("button", {}, "Enter"));
  const title = make("strong", { class: "title" });
  const status = make("span", { role: "status", class: "state" });
  const people = make("p", { class: "people", "aria-live": "polite" });
  const log = make("ol", { role: "log", "aria-label": "Messages", "aria-live": "polite", tabindex: "0" });
  const waiting = make("ul", { class: "waiting", "aria-label": "Not confirmed yet" });
  const complaint = make("p", { role: "alert", class: "complaint" });
  const writing = make("form", { class: "writing" }, textLabel, make("button", {}, "Send"));
  const leaving = make("button", { type: "button", class: "leaving" }, "Leave the room");
  const head = make("div", { class: "head" }, title, status, leaving);
  const inside = make("div", { class: "inside" }, head, people, log, waiting, writing);
  const section = make("section", { class: "u101-chat", "aria-label": "Room chat" }, door, inside, complaint);
  section.dataset.lmSuppressShortcuts = "true"; // keys are for writing here, not JupyterLab's commands
  nameInput.value = name;
  roomInput.value = room;
  inside.hidden = true;
  root.append(section);

  function show(now) {
    if (now !== chat) return;
    status.textContent = STATES[now.state];
    section.dataset.state = now.state;
    people.textContent = now.people.length ? `In the room: ${now.people.join(", ")}` : "";
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    for (; shown < now.diary.messages.length; shown += 1) {
      log.append(said(now.diary.messages[shown], now.diary.messages[shown].name === now.name));
    }
    if (atEnd) log.scrollTop = log.scrollHeight;
    waiting.replaceChildren(...Array.from(now.waiting.values(), (text) => make("li", {}, `${text} (not confirmed yet)`)));
    complaint.textContent = now.complaint;
    inside.hidden = now.state === "left";
    door.hidden = now.state !== "left";
    told(now);
  }

  function enter(event) {
    event?.preventDefault();
    shown = 0;
    log.replaceChildren();
    title.textContent = `Room ${roomInput.value.trim()}`;
    const dial = { addresses: addresses(url), room: roomInput.value.trim(), name: nameInput.value.trim() };
    const entered = new Chat({ ...dial, show: (now) => queueMicrotask(() => show(now)) });
    chat = entered;
    show(entered);
    if (event) textInput.focus();
  }

  // JupyterLab keeps Enter from the form, so the form is told.
  section.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });

  const hurry = () => chat?.hurry();
  door.addEventListener("submit", enter);
  writing.addEventListener("submit", (event) => {
    event.preventDefault();
    if (textInput.value.trim()) chat.say(textInput.value.trim());
    textInput.value = "";
  });
  leaving.addEventListener("click", () => {
    chat.leave();
    nameInput.focus();
  });
  addEventListener("online", hurry);
  if (name && room) enter();
  return {
    leave: () => chat?.leave(),
    remove() {
      removeEventListener("online", hurry);
      chat?.leave();
      section.remove();
    },
  };
}

// The box in a notebook: what anywidget calls

function render({ model, el }) {
  const settings = { url: model.get("url"), room: model.get("room"), name: model.get("name") };
  const shown = mount(el, {
    ...settings,
    told: (chat) => {
      model.set("messages", [...chat.diary.messages]);
      model.set("people", chat.people);
      model.set("state", chat.state);
      model.save_changes();
    },
  });
  model.on("change:over", shown.leave);
  return () => {
    model.off("change:over", shown.leave);
    shown.remove();
  };
}

export default { render };
