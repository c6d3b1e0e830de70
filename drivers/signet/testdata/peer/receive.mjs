// Verifies what a Sig-Net device sends with node-sig-net and prints one JSON
// object per packet. Arguments: interface address, port, K0 in hex, groups...
import dgram from 'node:dgram'
import {
    deriveCitizenKey, deriveManagerGlobalKey, deriveSenderKey, parseK0Hex, parsePacketResult, verifyPacketHmac,
} from 'node-sig-net'

const [address, port, k0Hex, ...groups] = process.argv.slice(2)
const k0 = parseK0Hex(k0Hex)
const keys = {
    level: deriveSenderKey(k0), preview: deriveSenderKey(k0), sync: deriveSenderKey(k0), timecode: deriveSenderKey(k0),
    node: deriveCitizenKey(k0), node_lost: deriveCitizenKey(k0), poll: deriveManagerGlobalKey(k0),
}
const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
socket.on('message', (message) => {
    const { code, packet } = parsePacketResult(message)
    if (code !== 0) {
        console.log(JSON.stringify({ code }))
        return
    }
    const resource = packet.uri.split('/')[4]
    const verified = verifyPacketHmac(packet.uri, packet.options, packet.payload, keys[resource]) === 0
    console.log(JSON.stringify({
        code, verified, uri: packet.uri, session: packet.options.sessionId, sequence: packet.options.seqNum,
        sender: packet.options.senderId.toString('hex'),
        tlvs: packet.tlvs.map((t) => [t.typeId, t.value.toString('hex')]),
    }))
})
socket.bind(Number(port), () => {
    for (const group of groups) socket.addMembership(group, address)
    console.log(JSON.stringify({ ready: true }))
})
