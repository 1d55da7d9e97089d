using System.Diagnostics;
using System.Net.Sockets;

namespace NetPulse.Benchmarks.Collector;

/// <summary>Open connections that now and then send something, held by processes of their own: few systems let one have 100,000 files.</summary>
internal sealed class HeldConnections : IDisposable
{
    /// <summary>Makes 16,000 open files, both ends.</summary>
    private const int EachProcess = 8_000;

    private const string Ready = "ready";

    private readonly List<Process> holders = [];

    public HeldConnections(PodNetwork network, int connections)
    {
        for (var left = connections; left > 0; left -= EachProcess)
        {
            var how = new ProcessStartInfo(Environment.ProcessPath!, ["hold", network.Prefix, $"{20_000 + holders.Count}", $"{Math.Min(left, EachProcess)}"])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            holders.Add(Process.Start(how)!);
        }

        foreach (var holder in holders)
        {
            if (holder.StandardOutput.ReadLine() != Ready)
            {
                throw new InvalidOperationException("connections could not be opened; see above, and `ulimit -Hn`");
            }
        }
    }

    /// <summary>What each process does until its standard input ends.</summary>
    internal static void Hold(string prefix, int port, int connections)
    {
        using var network = new PodNetwork(prefix);
        using var listener = network.Listen(port);
        var pairs = new List<(Socket Client, Socket Server)>(connections);
        for (var i = 0; i < connections; i++)
        {
            var client = network.Client(SocketType.Stream);
            client.Connect(listener.LocalEndPoint!);
            pairs.Add((client, listener.Accept()));
        }

        Console.WriteLine(Ready);
        using var ended = new ManualResetEventSlim();
        var waiting = new Thread(() =>
        {
            _ = Console.In.Read();
            ended.Set();
        })
        { IsBackground = true };
        waiting.Start();

        // A tenth of them in each ten seconds.
        var buffer = new byte[256];
        var next = 0;
        while (!ended.Wait(TimeSpan.FromMilliseconds(100)))
        {
            for (var i = 0; i < Math.Max(1, connections / 1000); i++)
            {
                var (client, server) = pairs[next];
                next = (next + 1) % connections;
                client.Send(buffer);
                server.Receive(buffer);
            }
        }
    }

    public void Dispose()
    {
        foreach (var holder in holders)
        {
            holder.StandardInput.Close();
            if (!holder.WaitForExit(TimeSpan.FromSeconds(30)))
            {
                holder.Kill();
                holder.WaitForExit();
            }

            holder.Dispose();
        }
    }
}
