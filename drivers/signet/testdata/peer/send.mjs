// Sends level packets of universe 1, an announcement and a poll with
// node-sig-net, from session 1 and sequence 1 on. Arguments: interface address,
// port, K0 in hex, number of level packets.
import dgram from 'node:dgram'
import {
    buildAnnouncePacket, buildDMXPacket, buildPollPacket, calculateMulticastAddress, deriveCitizenKey,
    deriveManagerGlobalKey, deriveSenderKey, parseK0Hex, parseTuidHex,
} from 'node-sig-net'

const [address, port, k0Hex, count] = process.argv.slice(2)
const k0 = parseK0Hex(k0Hex)
const tuid = parseTuidHex('537900000001')
const socket = dgram.createSocket('udp4')
const send = (packet, group) => new Promise((done, failed) => {
    socket.send(packet, Number(port), group, (error) => (error ? failed(error) : done()))
})
const pause = (ms) => new Promise((done) => setTimeout(done, ms))
socket.bind(0, async () => {
    socket.setMulticastInterface(address)
    await send(buildAnnouncePacket({
        tuid, mfgCode: 0x5379, productVariantId: 1, firmwareVersionId: 1, firmwareVersionString: '1.0', protocolVersion: 1,
        roleCapabilityBits: 2, changeCount: 3, sessionId: 1, seqNum: 1, citizenKey: deriveCitizenKey(k0), messageId: 1,
    }), '239.254.255.253')
    await send(buildPollPacket({
        managerTuid: tuid, mfgCode: 0x5379, productVariantId: 1, tuidLo: Buffer.alloc(6), tuidHi: Buffer.alloc(6, 255),
        targetEndpoint: 0xffff, queryLevel: 2, sessionId: 1, seqNum: 2, managerGlobalKey: deriveManagerGlobalKey(k0), messageId: 2,
    }), '239.254.255.252')
    for (let n = 1; n <= Number(count); n++) {
        await send(buildDMXPacket({
            universe: 1, dmxData: Buffer.alloc(512, n % 256), tuid, endpoint: 1, mfgCode: 0, sessionId: 1, seqNum: n,
            senderKey: deriveSenderKey(k0), messageId: n,
        }), calculateMulticastAddress(1))
        await pause(5)
    }
    socket.close()
})
