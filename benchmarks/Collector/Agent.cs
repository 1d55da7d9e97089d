using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NetPulse.Benchmarks.Collector;

/// <summary>A program that watches the node: ours, or a peer's.</summary>
internal sealed class Agent : IDisposable
{
    private readonly Process process;
    private readonly HttpClient? client;

    private Agent(Process process, int port)
    {
        this.process = process;
        client = port == 0 ? null : new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    /// <summary>Peers that are started as they come, where they are on the PATH; what they say goes nowhere.</summary>
    public static IReadOnlyDictionary<string, (string Command, string[] Arguments, (string, string)[] Environment)> Peers { get; } =
        new Dictionary<string, (string, string[], (string, string)[])>(StringComparer.Ordinal)
        {
            ["netobserv"] = ("netobserv-ebpf-agent", [], [("EXPORT", "direct-flp"), ("FLP_CONFIG", """{"pipeline":[{"name":"none","follows":"preset-ingester"}],"parameters":[{"name":"none","write":{"type":"none"}}]}"""), ("EXCLUDE_INTERFACES", "lo")]),
        };

    public TimeSpan CpuTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    public double ResidentMebibytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64 / 1048576.0;
        }
    }

    /// <summary>Our collector, once it has read everything twice: the file that NETPULSE_COLLECTOR names, or the one that was built with this.</summary>
    /// <param name="arguments">Settings beside its port and its interval.</param>
    public static Agent StartOurs(TimeSpan interval, params string[] arguments)
    {
        var port = FreePort();
        var binary = Environment.GetEnvironmentVariable("NETPULSE_COLLECTOR") ?? Path.Combine(AppContext.BaseDirectory, "../../NetPulse.Collector/release/netpulse-collector");
        // As the DaemonSet sets it.
        var started = Start(binary, [$"--http:listen=127.0.0.1:{port}", $"--sampling:interval={interval.TotalSeconds}s", .. arguments], [("DOTNET_GCgen0size", "0x200000"), ("MALLOC_ARENA_MAX", "1")]);
        var agent = new Agent(started, port);
        agent.WaitUntil(text => text.Contains("source=\"tcp\"} 1 ", StringComparison.Ordinal));
        return agent;
    }

    /// <returns><see langword="null"/> where it is not on the PATH or ends at once.</returns>
    public static Agent? TryStartPeer(string name)
    {
        var (command, arguments, environment) = Peers[name];
        try
        {
            var started = Start(command, arguments, environment);
            return started.WaitForExit(TimeSpan.FromSeconds(3)) ? null : new Agent(started, 0);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    public string Metrics()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        using var answer = client!.Send(request);
        using var text = new StreamReader(answer.EnsureSuccessStatusCode().Content.ReadAsStream());
        return text.ReadToEnd();
    }

    /// <summary>Looks at <c>/metrics</c> until the condition holds; gives up after a minute.</summary>
    /// <returns>Whether it holds.</returns>
    public bool WaitUntil(Func<string, bool> condition)
    {
        var since = Stopwatch.StartNew();
        using var never = new ManualResetEventSlim();
        while (since.Elapsed < TimeSpan.FromMinutes(1))
        {
            try
            {
                if (condition(Metrics()))
                {
                    return true;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet, or has read nothing yet.
            }

            never.Wait(50);
        }

        return false;
    }

    public void Dispose()
    {
        client?.Dispose();
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private static Process Start(string command, string[] arguments, (string Name, string Value)[] environment)
    {
        var how = new ProcessStartInfo(command, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            how.Environment[name] = value;
        }

        var started = Process.Start(how)!;
        started.OutputDataReceived += static (_, _) => { };
        started.ErrorDataReceived += static (_, _) => { };
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return started;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
