// The page: settings from its own server, room and name from the address where they stand there.

import { mount } from "./chat.js";

const settings = await (await fetch("settings.json")).json();
const asked = new URLSearchParams(location.search);
mount(document.querySelector("main"), {
  ...settings,
  room: asked.get("room") ?? settings.room,
  name: asked.get("name") ?? settings.name,
});
