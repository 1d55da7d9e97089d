using System.Net;
using System.Net.Sockets;

namespace NetPulse.KernelProbe;

/// <summary>Traffic for one source, and what must be counted of it.</summary>
/// <param name="Source">As the collector names it.</param>
/// <param name="What">For the reader.</param>
/// <param name="Series">How its series begins, then what its labels hold.</param>
/// <param name="Expected">The sum over those series.</param>
/// <param name="IsExact">Whether it may not be more.</param>
/// <param name="Send">Makes the traffic.</param>
internal sealed record Check(string Source, string What, string[] Series, double Expected, bool IsExact, Func<Task> Send);

internal static class Traffic
{
    private const int TcpPort = 20_001;
    private const int UdpPort = 20_002;
    private const int ClosedPort = 20_003;
    private const int DnsPort = 53;

    internal static Check[] All() =>
    [
        new("tcp", "payload bytes", ["netpulse_tcp_io_bytes_total{", $"server_port=\"{TcpPort}\"", "direction=\"transmit\"", "role=\"client\""], 100_000, true, TcpAsync),
        new("udp", "bytes sent", ["netpulse_udp_io_bytes_total{", $"server_port=\"{UdpPort}\"", "direction=\"transmit\"", "role=\"client\""], 5_000, true, UdpAsync),
        new("udp", "bytes received", ["netpulse_udp_io_bytes_total{", $"server_port=\"{UdpPort}\"", "direction=\"receive\"", "role=\"server\""], 5_000, true, () => Task.CompletedTask),
        new("udp", "bytes sent and received over IPv6", ["netpulse_udp_io_bytes_total{", $"server_port=\"{UdpPort + 100}\""], 6_000, true, Udp6Async),
        new("dns", "answers NXDOMAIN", ["netpulse_dns_responses_total{", "rcode=\"NXDOMAIN\""], 20, true, DnsAsync),
        new("drops", "datagrams without a socket", ["netpulse_packet_drops_total{", "reason=\"NO_SOCKET\""], 10, false, DropsAsync),
    ];

    private static async Task TcpAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, TcpPort);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, TcpPort);
        using var server = await listener.AcceptTcpClientAsync();
        var sending = client.GetStream().WriteAsync(new byte[100_000]).AsTask();
        await server.GetStream().ReadExactlyAsync(new byte[100_000]);
        await sending;
    }

    private static Task UdpAsync() => DatagramsAsync(IPAddress.Loopback, UdpPort, 50, 100);

    private static Task Udp6Async() => DatagramsAsync(IPAddress.IPv6Loopback, UdpPort + 100, 30, 100);

    private static async Task DatagramsAsync(IPAddress address, int port, int count, int bytes)
    {
        using var server = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(address, port));
        using var client = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        for (var i = 0; i < count; i++)
        {
            await client.SendToAsync(new byte[bytes], new IPEndPoint(address, port));
            await server.ReceiveFromAsync(new byte[bytes], new IPEndPoint(address, 0));
        }
    }

    private static async Task DnsAsync()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, DnsPort));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await client.ConnectAsync(IPAddress.Loopback, DnsPort);
        for (byte id = 0; id < 20; id++)
        {
            await client.SendAsync(new byte[] { 0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 0, 0, 1, 0, 1 });
            var query = new byte[512];
            var received = await server.ReceiveFromAsync(query, new IPEndPoint(IPAddress.Any, 0));
            query[2] = 0x81;
            query[3] = 0x83;
            await server.SendToAsync(query.AsMemory(0, received.ReceivedBytes), received.RemoteEndPoint);
            await client.ReceiveAsync(query);
        }
    }

    private static async Task DropsAsync()
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        for (var i = 0; i < 10; i++)
        {
            await client.SendToAsync(new byte[1], new IPEndPoint(IPAddress.Loopback, ClosedPort));
        }
    }
}
