using System.Globalization;
using System.Net.Sockets;

namespace NetPulse.Benchmarks.Collector;

/// <summary>What a client that counts has sent, and what the collector reports of it.</summary>
/// <param name="Case">What was done.</param>
/// <param name="SentBytes">As the client counted.</param>
/// <param name="ReportedBytes">As the client's side of <c>netpulse_tcp_io_bytes_total</c> says.</param>
/// <param name="ReceivedBytes">As the server's side says.</param>
/// <param name="ConnectionsClosed">Of those that ended, both ends.</param>
internal sealed record Count(string Case, long SentBytes, long ReportedBytes, long ReceivedBytes, long ConnectionsClosed)
{
    public double Difference => Math.Max(Math.Abs(SentBytes - ReportedBytes), Math.Abs(SentBytes - ReceivedBytes)) / (double)SentBytes;

    public long UnaccountedBytes => Math.Max(Math.Abs(SentBytes - ReportedBytes), Math.Abs(SentBytes - ReceivedBytes));
}

internal static class CountCheck
{
    private const int Rows = 64;

    /// <summary>Long transfers, 10,000 short connections, and twice as many edges as the kernel's table has rows.</summary>
    internal static IReadOnlyList<Count> Run() =>
    [
        Check("a transfer of 200 MB on a connection that stays open", [], static network => Transfer(network, connections: 1, bytes: 200_000_000, ports: 1, stayOpen: true)),
        Check("10,000 short connections of 1 to 3,000 bytes", [], static network => Transfer(network, connections: 10_000, bytes: 0, ports: 1, stayOpen: false)),
        Check($"{2 * Rows} ports, a table of {Rows} rows, open connections", [$"--sampling:tcpRows={Rows}"], static network => Transfer(network, 2 * Rows, 100_000, 2 * Rows, stayOpen: true)),
        Check($"{2 * Rows} ports, a table of {Rows} rows, 10,000 short connections", [$"--sampling:tcpRows={Rows}"], static network => Transfer(network, 10_000, 0, 2 * Rows, stayOpen: false)),
    ];

    private static Count Check(string name, string[] settings, Func<PodNetwork, (long Sent, IDisposable Open)> work)
    {
        using var network = new PodNetwork("counts", segmentOffload: true);
        using var collector = Agent.StartOurs(TimeSpan.FromSeconds(1), settings);
        var (sent, open) = work(network);
        using (open)
        {
            var (reported, received, closed) = (0L, 0L, 0L);
            collector.WaitUntil(text =>
            {
                reported = Sum(text, "netpulse_tcp_io_bytes_total{", network.ClientName, "direction=\"transmit\"");
                received = Sum(text, "netpulse_tcp_io_bytes_total{", network.ServerName, "direction=\"receive\"");
                closed = Sum(text, "netpulse_tcp_connections_closed_total{", network.ClientName, "") + Sum(text, "netpulse_tcp_connections_closed_total{", network.ServerName, "");
                return reported >= sent && received >= sent;
            });
            return new Count(name, sent, reported, received, closed);
        }
    }

    private static (long Sent, IDisposable Open) Transfer(PodNetwork network, int connections, int bytes, int ports, bool stayOpen)
    {
        var open = new OpenSockets();
        var listeners = Enumerable.Range(20_000, ports).Select(network.Listen).ToArray();
        Array.ForEach(listeners, open.Add);
        var buffer = new byte[64 * 1024];
        long sent = 0;
        for (var i = 0; i < connections; i++)
        {
            var client = network.Client(SocketType.Stream);
            client.Connect(listeners[i % ports].LocalEndPoint!);
            var server = listeners[i % ports].Accept();
            for (var left = bytes == 0 ? 1 + (i * 7 % 3_000) : bytes; left > 0;)
            {
                var some = client.Send(buffer, Math.Min(left, buffer.Length), SocketFlags.None);
                left -= some;
                sent += some;
                while (some > 0)
                {
                    some -= server.Receive(buffer);
                }
            }

            if (stayOpen)
            {
                open.Add(client);
                open.Add(server);
            }
            else
            {
                client.Dispose();
                server.Dispose();
            }
        }

        return (sent, open);
    }

    /// <summary>Over the series of one metric and one namespace.</summary>
    private static long Sum(string text, string metric, string workload, string further)
    {
        var sum = 0.0;
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith(metric, StringComparison.Ordinal) && line.Contains($",workload=\"{workload}\"", StringComparison.Ordinal) && line.Contains(further, StringComparison.Ordinal))
            {
                sum += double.Parse(line.AsSpan(line.IndexOf('}', StringComparison.Ordinal) + 2).ToString().Split(' ')[0], CultureInfo.InvariantCulture);
            }
        }

        return (long)sum;
    }

    private sealed class OpenSockets : IDisposable
    {
        private readonly List<Socket> sockets = [];

        public void Add(Socket socket) => sockets.Add(socket);

        public void Dispose() => sockets.ForEach(socket => socket.Dispose());
    }
}
