const SETTLE_MS = 4000; // longest wait for videos to reach a frame before they play all the same
const START_MS = 500; // longest wait for sound to come out
const LEAD_FAR = 0.25; // seconds off the clock from which the sound is sought anew
const LEAD_PULL = 4; // share of its distance by which the clock nears the sound, per second
const LEAD_MOST = 0.15; // seconds by which it nears it at most, per second, so that videos can follow

// One clock for all videos of an input pair. What is heard leads: the ear notices a change of speed, the eye does not.
// Videos are sped up or slowed down by little to stay in step, and sought where that would take too long.
class Player {
  constructor(audio, { onTime, onState, onProblem }) {
    Object.assign(this, { audio, onTime, onState, onProblem });
    audio.addEventListener('error', () => {
      if (audio.getAttribute('src')) onProblem('The audio file that was given cannot be played here.');
    });
    Object.assign(this, { rate: 1, loop: false, muted: false, heard: '', turn: 0, running: false, wanted: false });
    Object.assign(this, { followers: [], fps: 25, frames: 1, duration: 0, position: 0 });
  }

  // Takes the followers of another pair; the clock goes back to the start.
  load(followers, sound, soundSeconds) {
    this.turn += 1;
    this.running = this.wanted = false;
    for (const { video } of this.followers) video.pause();
    this.audio.pause();
    this.audio.removeAttribute('src');
    this.followers = followers;
    this.fps = Math.max(0, ...followers.map((follower) => follower.fps)) || 25;
    this.duration = Math.max(soundSeconds && !followers.length ? soundSeconds : 0, ...followers.map((item) => item.end), 0);
    this.frames = Math.max(1, Math.round(this.duration * this.fps));
    this.position = 0;
    if (sound) this.audio.src = sound;
    this.hear(this.heard);
    this.seek(0);
  }

  get time() {
    if (!this.running) return this.position;
    const passed = ((performance.now() - this.since) / 1000) * this.rate;
    return Math.min(this.position + passed, this.duration);
  }

  get frame() {
    return Math.min(this.frames - 1, Math.floor(this.time * this.fps + 1e-6));
  }

  get lead() {
    if (this.heard === '') return this.audio.getAttribute('src') && !this.audio.error ? this.audio : null;
    return this.followers.find((follower) => follower.variant === this.heard)?.video ?? null;
  }

  async play() {
    if (!this.followers.length) return;
    if (this.frame >= this.frames - 1) this.position = 0;
    this.wanted = true;
    const turn = (this.turn += 1);
    this.align();
    this.onState();
    await this.until(turn, SETTLE_MS, () => this.settled());
    if (turn !== this.turn) return;
    const { lead } = this;
    const videos = this.followers.filter((item) => item.end - this.position > 0.5 / item.fps).map((item) => item.video);
    for (const medium of [this.audio, ...videos]) medium.playbackRate = this.rate;
    // Sound takes some time to come out: the pictures wait for it.
    const refused = (lead === this.audio || videos.includes(lead)) && (await this.begin([lead]));
    if (turn !== this.turn) return;
    if (lead && !lead.paused) await this.until(turn, START_MS, () => lead.currentTime > this.position);
    if (turn !== this.turn) return;
    if (refused || (await this.begin(videos.filter((video) => video !== lead)))) {
      if (turn !== this.turn) return;
      this.onProblem('The browser did not let the videos play; press play once more.');
      this.pause();
      return;
    }
    if (turn !== this.turn) return;
    if (lead && !lead.paused && !lead.ended) this.position = lead.currentTime;
    this.since = this.neared = performance.now();
    this.running = true;
    requestAnimationFrame(() => this.tick(turn));
  }

  pause() {
    this.position = this.time;
    this.stop();
    this.seek(this.position);
  }

  stop() {
    this.turn += 1;
    this.running = this.wanted = false;
    for (const { video } of this.followers) video.pause();
    this.audio.pause();
    this.onState();
  }

  toggle() {
    if (this.wanted) this.pause();
    else this.play();
  }

  // Goes to the frame of a time; where videos play, they play on from there.
  seek(time) {
    const goesOn = this.wanted;
    if (goesOn) this.stop();
    const frame = Math.max(0, Math.min(this.frames - 1, Math.floor(time * this.fps + 1e-6)));
    this.position = (frame + 0.5) / this.fps;
    this.align();
    this.onTime();
    if (goesOn) this.play();
  }

  step(frames) {
    if (this.wanted) this.pause();
    this.seek((this.frame + frames + 0.5) / this.fps);
  }

  setRate(rate) {
    this.position = this.time;
    this.since = performance.now();
    this.rate = rate;
    this.audio.playbackRate = rate;
    for (const { video } of this.followers) video.playbackRate = rate;
  }

  // Hears a variant's video, or with '' the audio file that was given.
  hear(variant) {
    this.heard = variant;
    for (const follower of this.followers) follower.video.muted = this.muted || follower.variant !== variant;
    this.audio.muted = this.muted;
    if (variant !== '') this.audio.pause();
    else if (this.running) this.startSound();
  }

  mute(muted) {
    this.muted = muted;
    this.hear(this.heard);
  }

  // Distance in seconds of the videos that are furthest apart, without those that hold their last frame.
  get spread() {
    const times = this.followers.filter((item) => !item.video.paused).map((item) => item.video.currentTime);
    return times.length > 1 ? Math.max(...times) - Math.min(...times) : 0;
  }

  startSound() {
    this.audio.playbackRate = this.rate;
    if (this.time < (this.audio.duration || 0)) {
      this.audio.currentTime = this.time;
      this.audio.play().catch(() => {});
    }
  }

  align() {
    for (const follower of this.followers) follower.seek(this.position);
    const { audio } = this;
    if (Math.abs(audio.currentTime - this.position) > 0.01) audio.currentTime = this.position;
  }

  settled() {
    return this.followers.every((follower) => follower.settled) && (this.lead !== this.audio || !this.audio.seeking);
  }

  // Waits for a condition, but no longer than `most` milliseconds, nor after something else was asked of the player.
  until(turn, most, condition) {
    const deadline = performance.now() + most;
    return new Promise((resolve) => {
      const look = () => {
        if (turn !== this.turn || condition() || performance.now() > deadline) resolve();
        else setTimeout(look, 5);
      };
      look();
    });
  }

  // Starts media; whether the browser refused one.
  async begin(media) {
    const outcomes = await Promise.allSettled(media.map((medium) => medium.play()));
    return outcomes.some(({ reason }) => reason?.name === 'NotAllowedError');
  }

  tick(turn) {
    if (turn !== this.turn) return;
    this.nearLead();
    const { time, lead } = this;
    if (time >= this.duration - 0.25 / this.fps) {
      this.finish();
      return;
    }
    for (const follower of this.followers) follower.follow(time, this.rate, follower.video === lead);
    this.onTime();
    requestAnimationFrame(() => this.tick(turn));
  }

  // Draws the clock towards what is heard; sound that is far off is sought instead.
  nearLead() {
    const { lead, time } = this;
    const now = performance.now();
    const passed = (now - this.neared) / 1000;
    this.neared = now;
    if (!lead || lead.paused || lead.ended || lead.seeking || lead.readyState < 3) return;
    const off = lead.currentTime - time;
    if (Math.abs(off) < LEAD_FAR * Math.max(1, this.rate)) {
      const pull = (off / this.rate) * Math.min(1, LEAD_PULL * passed);
      const most = LEAD_MOST * passed;
      this.position = time + Math.max(-most, Math.min(most, pull)) * this.rate;
      this.since = now;
    } else if (now - (this.sought ?? -Infinity) > 500) {
      this.sought = now;
      lead.currentTime = time;
    }
  }

  finish() {
    if (this.loop) {
      this.position = 0.5 / this.fps;
      this.running = false;
      for (const { video } of this.followers) video.pause();
      this.audio.pause();
      this.play();
      return;
    }
    this.position = this.duration;
    this.stop();
    this.seek(this.duration);
  }
}
