/**
 * Players and publishers that this project did not write, used as their own documentation says. The
 * page belongs to another site than the server.
 */

const players = {
  'hls.js': async (video, { hls }, settings) => {
    const { default: Hls } = await import('hls.js');
    const player = new Hls(settings);
    player.on(Hls.Events.ERROR, (_, { fatal, details }) => fatal && report(details));
    player.loadSource(hls);
    player.attachMedia(video);
  },
  Shaka: async (video, { hls }, settings) => {
    const { default: shaka } = await import('shaka-player/dist/shaka-player.compiled.js');
    const player = new shaka.Player();
    player.configure(settings);
    player.addEventListener('error', ({ detail }) => report(`error ${detail.code}`));
    await player.attach(video);
    await player.load(hls);
  },
  'video.js': async (video, { hls }, settings) => {
    const { default: videojs } = await import('video.js');
    const player = videojs(video, settings);
    player.on('error', () => report(player.error().message));
    player.src({ src: hls, type: 'application/vnd.apple.mpegurl' });
    player.play();
  },
  'whip-whep': async (video, { whep }) => {
    const { WHEPClient } = await import('whip-whep/whep.js');
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    peer.addTransceiver('audio');
    peer.addTransceiver('video');
    const stream = new MediaStream();
    peer.ontrack = ({ track }) => stream.addTrack(track);
    video.srcObject = stream;
    await new WHEPClient().view(peer, whep);
  },
  'webrtc-player': async (video, { whep }) => {
    const { default: packaged } = await import('@eyevinn/webrtc-player');
    const player = new packaged.WebRTCPlayer({ video, type: 'whep' });
    await player.load(new URL(whep));
    player.unmute();
  },
};

const publishers = {
  'whip-whep': async (stream, whip, key) => {
    const { WHIPClient } = await import('whip-whep/whip.js');
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: 'sendonly' });
    await new WHIPClient().publish(peer, whip, key);
  },
  'whip-web-client': async (stream, whip, key) => {
    const { WHIPClient } = await import('@eyevinn/whip-web-client');
    const client = new WHIPClient({ endpoint: whip, opts: { authkey: key } });
    await client.setIceServersFromEndpoint();
    await client.ingest(stream);
  },
};

const errors = [];
const report = (error) => errors.push(String(error));
addEventListener('error', ({ message }) => report(message));
addEventListener('unhandledrejection', ({ reason }) => report(reason));

const video = document.querySelector('video');

/** How much sound has been decoded; the unit depends on the player. */
const heard = async () => video.webkitAudioDecodedByteCount || (await connections.heard());

Object.assign(window, {
  clients: {
    errors,
    heard,
    play: (name, urls, settings) => players[name](video, urls, settings),
    publish: (name, { whip, key }) => publishers[name](timecode.source(), whip, key),
  },
});
