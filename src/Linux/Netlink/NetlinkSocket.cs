using System.Runtime.InteropServices;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.Netlink;

/// <summary>Asks the kernel for lists over netlink, in the network namespace in which it is made.</summary>
/// <remarks>Used by one thread at a time.</remarks>
public sealed class NetlinkSocket : IDisposable
{
    public const int Route = 0;
    public const int Netfilter = 12;

    private const int HeaderLength = 16;
    private const ushort NLMSG_ERROR = 2;
    private const ushort NLMSG_DONE = 3;
    private const ushort NLM_F_REQUEST = 0x01;
    private const ushort NLM_F_DUMP = 0x300;

    /// <summary>The kernel answers at once, or something is wrong.</summary>
    private const int PatienceSeconds = 5;

    private static readonly ThreadLocal<byte[]> Buffer = new(static () => new byte[65_536]);

    private readonly int socket;
    private uint sequence;

    /// <param name="family"><see cref="Route"/> or <see cref="Netfilter"/>.</param>
    /// <exception cref="NetlinkException">The kernel has no such family, or the process may open no more files.</exception>
    public NetlinkSocket(int family)
    {
        socket = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, family);
        if (socket < 0)
        {
            throw new NetlinkException($"open a netlink socket of family {family}", Marshal.GetLastPInvokeError());
        }

        _ = LibC.setsockopt(socket, LibC.SOL_SOCKET, LibC.SO_RCVTIMEO, new LibC.Timeval(PatienceSeconds, 0), (uint)Marshal.SizeOf<LibC.Timeval>());
    }

    /// <summary>Takes one message of the answer.</summary>
    /// <param name="body">What follows the header.</param>
    public delegate void MessageHandler(ReadOnlySpan<byte> body);

    /// <summary>Asks for all entries of a kind. A list that changed meanwhile may hold an entry twice, or not: the next reading has it.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    /// <exception cref="InvalidDataException">What came is no netlink.</exception>
    public void Dump(ushort type, ReadOnlySpan<byte> body, MessageHandler onMessage)
    {
        Span<byte> request = stackalloc byte[HeaderLength + body.Length];
        BitConverter.TryWriteBytes(request, request.Length);
        BitConverter.TryWriteBytes(request[4..], type);
        BitConverter.TryWriteBytes(request[6..], (ushort)(NLM_F_REQUEST | NLM_F_DUMP));
        BitConverter.TryWriteBytes(request[8..], ++sequence);
        body.CopyTo(request[HeaderLength..]);
        if (LibC.send(socket, request, request.Length, 0) < 0)
        {
            throw new NetlinkException($"ask netlink for {type}", Marshal.GetLastPInvokeError());
        }

        var buffer = Buffer.Value!;
        while (true)
        {
            var received = LibC.recv(socket, buffer, buffer.Length, LibC.MSG_TRUNC);
            if (received < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno == LibC.EINTR)
                {
                    continue;
                }

                throw new NetlinkException($"receive netlink's answer to {type}", errno);
            }

            if (received > buffer.Length)
            {
                throw new InvalidDataException($"Netlink sent {received} bytes at once");
            }

            if (!Read(buffer.AsSpan(0, (int)received), type, onMessage))
            {
                return;
            }
        }
    }

    public void Dispose() => _ = LibC.close(socket);

    /// <returns>Whether there is more to come.</returns>
    private bool Read(ReadOnlySpan<byte> data, ushort type, MessageHandler onMessage)
    {
        while (data.Length >= HeaderLength)
        {
            var length = BitConverter.ToInt32(data);
            if (length < HeaderLength || length > data.Length)
            {
                throw new InvalidDataException($"A netlink message says that it is {length} bytes long, of {data.Length}");
            }

            // What is left of an earlier list that somebody gave up has another number.
            if (BitConverter.ToUInt32(data[8..]) == sequence)
            {
                switch (BitConverter.ToUInt16(data[4..]))
                {
                    case NLMSG_DONE:
                        return false;
                    case NLMSG_ERROR:
                        var errno = length >= HeaderLength + sizeof(int) ? -BitConverter.ToInt32(data[HeaderLength..]) : 0;
                        return errno == 0 ? false : throw new NetlinkException($"ask netlink for {type}", errno);
                    default:
                        onMessage(data[HeaderLength..length]);
                        break;
                }
            }

            data = data[Math.Min((length + 3) & ~3, data.Length)..];
        }

        return true;
    }
}
