using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetPulse.Store.Benchmarks;

/// <summary>A store's server on a free port of loopback, with its files below a directory of its own.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const double ClockTicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ProcessStartInfo start;
    private readonly string readyPath;
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromMinutes(5) };
    private Process process;

    private ServerProcess(ProcessStartInfo start, Uri address, string readyPath)
    {
        this.start = start;
        this.readyPath = readyPath;
        client.BaseAddress = address;
        process = Process.Start(start)!;
    }

    public HttpClient Client => client;

    /// <summary>User and system time since its start.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            // the second field, the name, may hold blanks
            var stat = File.ReadAllText($"/proc/{process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds((double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / ClockTicksPerSecond);
        }
    }

    public double PeakResidentMebibytes
    {
        get
        {
            var line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <param name="program">Its binary.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="readyPath">Answers with success when it is ready.</param>
    /// <param name="arguments">Its command line.</param>
    public static async Task<ServerProcess> StartAsync(string program, int port, string readyPath, params string[] arguments)
    {
        var command = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        var server = new ServerProcess(command, new Uri($"http://127.0.0.1:{port}"), readyPath);
        await server.ReadyAsync();
        return server;
    }

    /// <summary>SIGKILL, and the same again.</summary>
    /// <returns>How long it took to answer.</returns>
    public async Task<TimeSpan> RestartAfterKillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        var begin = Stopwatch.GetTimestamp();
        process = Process.Start(start)!;
        await ReadyAsync();
        return Stopwatch.GetElapsedTime(begin);
    }

    /// <summary>SIGTERM, and wait.</summary>
    public async Task EndAsync()
    {
        using (var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await process.WaitForExitAsync().WaitAsync(Patience);
    }

    public void Dispose()
    {
        client.Dispose();
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    private async Task ReadyAsync()
    {
        // nobody reads what it says, but it must not wait for a reader
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < Patience;)
        {
            try
            {
                using var answer = await client.GetAsync(readyPath);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                // it does not listen yet
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        throw new TimeoutException($"{start.FileName} was not ready within {Patience}");
    }
}
