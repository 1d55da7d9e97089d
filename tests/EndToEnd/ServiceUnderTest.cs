using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace NetPulse.EndToEnd;

/// <summary>One of our services, started as on a node, with files of its own in a directory of its own.</summary>
internal sealed class ServiceUnderTest : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly IReadOnlyDictionary<string, string> NoVariables = new Dictionary<string, string>(StringComparer.Ordinal);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    private ServiceUnderTest(string binary, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        process = new Process
        {
            StartInfo = new ProcessStartInfo(binary, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false },
        };
        foreach (var (name, value) in environment)
        {
            process.StartInfo.Environment[name] = value;
        }

        process.OutputDataReceived += (_, line) => Take(output, line.Data);
        process.ErrorDataReceived += (_, line) => Take(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; } = new();

    /// <summary>What it has logged.</summary>
    public string Output => Read(output);

    /// <summary>What it has said to whoever started it.</summary>
    public string Errors => Read(errors);

    public static ServiceUnderTest Start(string project, string name, params string[] arguments) => new(DemoProcess.Binary(project, name), arguments, NoVariables);

    public static ServiceUnderTest Start(string project, string name, IReadOnlyDictionary<string, string> environment, params string[] arguments) => new(DemoProcess.Binary(project, name), arguments, environment);

    /// <summary>An optimizer with everything it keeps below the directory.</summary>
    public static ServiceUnderTest StartOptimizer(string directory, int port, params string[] arguments) => StartOptimizer(directory, port, NoVariables, arguments);

    public static ServiceUnderTest StartOptimizer(string directory, int port, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var service = new ServiceUnderTest(DemoProcess.Binary("Optimizer", "netpulse-optimizer"), [.. OptimizerSettings(directory, port), .. arguments], environment);
        service.Http.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        return service;
    }

    public static string[] OptimizerSettings(string directory, int port) =>
    [
        $"--http:listen=127.0.0.1:{port}", $"--store:embedded:directory={Path.Combine(directory, "store")}",
        $"--cluster:objectsDirectory={Path.Combine(directory, "objects")}", $"--journal:file={Path.Combine(directory, "journal.jsonl")}",
    ];

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <returns>The exit code.</returns>
    public async Task<int> EndsAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    /// <summary>Waits until the service answers at all.</summary>
    public Task AnswersAsync() => UntilAsync(async () => (await Http.GetAsync("/healthz")).IsSuccessStatusCode);

    /// <summary>Waits until the status is as wanted.</summary>
    public async Task<JsonElement> StatusAsync(Func<JsonElement, bool> isAsWanted)
    {
        JsonElement status = default;
        await UntilAsync(async () =>
        {
            status = await Http.GetFromJsonAsync<JsonElement>("/api/v1/status");
            return isAsWanted(status);
        });
        return status;
    }

    /// <summary>Polls until it holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < Patience; await Task.Delay(100))
        {
            try
            {
                if (await holds())
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                // It does not listen yet.
            }
        }

        Assert.Fail($"not within {Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s:\n{Output}\n{Errors}");
    }

    /// <param name="name">As <c>TERM</c>, <c>KILL</c>, <c>STOP</c>.</param>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        Http.Dispose();
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    private static void Take(StringBuilder to, string? line)
    {
        if (line is not null)
        {
            lock (to)
            {
                to.Append(line).Append('\n');
            }
        }
    }

    private static string Read(StringBuilder from)
    {
        lock (from)
        {
            return from.ToString();
        }
    }
}
