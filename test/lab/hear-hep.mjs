// Prints each datagram that comes to a port, in base64, one a line. Arguments: address, port.
import { createSocket } from 'node:dgram';

const [address, port] = process.argv.slice(2);
const socket = createSocket('udp4', (bytes) => console.log(bytes.toString('base64')));
socket.bind(Number(port), address, () => console.log('ready'));
