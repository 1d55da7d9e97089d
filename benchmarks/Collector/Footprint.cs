using System.Diagnostics;
using System.Net.Sockets;

namespace NetPulse.Benchmarks.Collector;

/// <summary>What the collector itself costs, with a reading every 10 seconds.</summary>
/// <param name="Connections">Open, both ends on this node: twice as many sockets.</param>
/// <param name="CpuMillisecondsPerSecond">Of all its threads, kernel and user.</param>
/// <param name="ResidentMebibytes">At the end.</param>
internal sealed record Footprint(int Connections, double CpuMillisecondsPerSecond, double ResidentMebibytes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Measures over whole intervals, after the first two, while a tenth of the connections sends something in each.</summary>
    internal static Footprint Measure(int connections, TimeSpan duration)
    {
        const int Ports = 4;
        OpenFiles.Allow((ulong)(2 * connections) + 10_000);
        using var network = new PodNetwork("open", segmentOffload: true);
        var listeners = Enumerable.Range(20_000, Ports).Select(network.Listen).ToArray();
        var pairs = new List<(Socket Client, Socket Server)>(connections);
        try
        {
            for (var i = 0; i < connections; i++)
            {
                var client = network.Client(SocketType.Stream);
                client.Connect(listeners[i % Ports].LocalEndPoint!);
                pairs.Add((client, listeners[i % Ports].Accept()));
            }

            using var collector = Agent.StartOurs(Interval);
            Work(pairs, 2 * Interval);
            var before = collector.CpuTime;
            var since = Stopwatch.StartNew();
            Work(pairs, duration);
            var spent = collector.CpuTime - before;
            return new Footprint(connections, Math.Round(spent.TotalMilliseconds / since.Elapsed.TotalSeconds, 2), Math.Round(collector.ResidentMebibytes, 1));
        }
        finally
        {
            pairs.ForEach(pair =>
            {
                // With unread data or without: no TIME_WAIT stays behind.
                pair.Client.LingerState = new LingerOption(enable: true, seconds: 0);
                pair.Client.Dispose();
                pair.Server.Dispose();
            });
            Array.ForEach(listeners, listener => listener.Dispose());
        }
    }

    private static void Work(List<(Socket Client, Socket Server)> pairs, TimeSpan duration)
    {
        var buffer = new byte[256];
        var since = Stopwatch.StartNew();
        var next = 0;
        using var never = new ManualResetEventSlim();
        while (since.Elapsed < duration)
        {
            for (var i = 0; i < Math.Max(1, pairs.Count / 1000); i++)
            {
                var (client, server) = pairs[next];
                next = (next + 1) % pairs.Count;
                client.Send(buffer);
                server.Receive(buffer);
            }

            never.Wait(100);
        }
    }
}
