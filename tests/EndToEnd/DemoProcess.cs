using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace NetPulse.EndToEnd;

/// <summary>The README's demo as a user starts it, with ports, directory and network namespaces of its own.</summary>
internal sealed class DemoProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly string directory;
    private readonly string prefix;
    private readonly Process process;
    private readonly List<string> lines = [];

    private DemoProcess(string directory, string prefix, string[] arguments)
    {
        (this.directory, this.prefix) = (directory, prefix);
        OptimizerPort = FreePort();
        CollectorPort = FreePort();
        process = new Process
        {
            StartInfo = new ProcessStartInfo(Binary("Lab", "netpulse-lab"))
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
        };
        foreach (var argument in (string[])
        [
            .. arguments, "--directory", RunDirectory, "--prefix", prefix,
            "--optimizer-port", OptimizerPort.ToString(CultureInfo.InvariantCulture), "--collector-port", CollectorPort.ToString(CultureInfo.InvariantCulture),
        ])
        {
            process.StartInfo.ArgumentList.Add(argument);
        }

        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int OptimizerPort { get; }

    public int CollectorPort { get; }

    /// <summary>Where the demo keeps its settings, journal and logs.</summary>
    public string RunDirectory => Path.Combine(directory, "run");

    /// <summary>What it has told so far, for a failed test's message too.</summary>
    public string Told
    {
        get
        {
            lock (lines)
            {
                return string.Join('\n', lines);
            }
        }
    }

    public static DemoProcess Start(params string[] arguments) =>
        new(Directory.CreateTempSubdirectory("netpulse-demo-").FullName, $"nptest{Environment.ProcessId}-{Random.Shared.Next(1000)}", arguments);

    /// <summary>Another demo in the same directory, with network namespaces of the same names.</summary>
    public DemoProcess StartAgain() => new(directory, prefix, ["demo"]);

    public static string Binary(string project, string name)
    {
        var metadata = typeof(DemoProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToDictionary(each => each.Key, each => each.Value!);
        return Path.GetFullPath(Path.Combine(metadata["Binaries"], $"NetPulse.{project}", metadata["Configuration"], name));
    }

    /// <summary>Whether a line with this text was told within the time.</summary>
    public async Task<bool> TellsAsync(string text, TimeSpan within)
    {
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < within; await Task.Delay(100))
        {
            if (Told.Contains(text, StringComparison.Ordinal))
            {
                return true;
            }

            if (process.HasExited)
            {
                process.WaitForExit();
                return Told.Contains(text, StringComparison.Ordinal);
            }
        }

        return false;
    }

    /// <returns>The exit code.</returns>
    public async Task<int> EndsAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    /// <summary>Asks it to end, as Ctrl-C does; by SIGTERM, because a shell lets its background jobs ignore SIGINT.</summary>
    public void Interrupt() => Signal("TERM", process.Id);

    /// <summary>SIGKILL to one of its services.</summary>
    /// <returns>Whether it was running.</returns>
    public bool KillService(string name)
    {
        var file = Path.Combine(RunDirectory, $"{name}.pid");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Signal("KILL", pid);
    }

    /// <summary>SIGKILL to the demo itself, which cannot undo anything then.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Network namespaces of this demo that are left.</summary>
    public string[] LeftNamespaces() => Directory.Exists("/run/netns") ? Directory.GetFiles("/run/netns", $"{prefix}-*") : [];

    /// <summary>Services of this demo that still run.</summary>
    public string[] LeftServices() =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])).Where(path =>
        {
            try
            {
                return File.ReadAllText($"{path}/cmdline").Contains(RunDirectory, StringComparison.Ordinal) && Path.GetFileName(path) != process.Id.ToString(CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                return false;
            }
        }),
    ];

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Interrupt();
            if (!process.WaitForExit(TimeSpan.FromSeconds(40)))
            {
                process.Kill(entireProcessTree: true);
            }
        }

        process.Dispose();
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static bool Signal(string name, int pid)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {pid}"]);
        kill.WaitForExit();
        return kill.ExitCode == 0;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            lock (lines)
            {
                lines.Add(line);
            }
        }
    }
}
