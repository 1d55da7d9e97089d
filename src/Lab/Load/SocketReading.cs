using System.Net.Sockets;

namespace NetPulse.Lab.Load;

internal static class SocketReading
{
    /// <exception cref="SocketException">The other side closed before all had come.</exception>
    internal static async ValueTask ReceiveExactlyAsync(this Socket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var read = await socket.ReceiveAsync(buffer, cancellationToken);
            if (read == 0)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }

            buffer = buffer[read..];
        }
    }
}
