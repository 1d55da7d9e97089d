using System.Diagnostics;
using System.Globalization;
using NetPulse.Lab.Interop;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Demo;

/// <summary>One of our services as a process of its own, restarted when it dies, as a kubelet would.</summary>
/// <remarks>Each runs in a session of its own (<c>setsid</c>), so that Ctrl-C reaches the demo alone and it can end them in order.</remarks>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);
    /// <summary>One that ends sooner than this has not really run.</summary>
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(5);

    private const int ShortLives = 5;

    private static readonly TimeSpan ShutdownPatience = TimeSpan.FromSeconds(12);

    private readonly string name;
    private readonly string executable;
    private readonly DemoWorkspace workspace;
    private readonly Narrator narrator;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task supervision;
    private Process process;

    private ServiceProcess(string name, string executable, DemoWorkspace workspace, Narrator narrator, TimeProvider time)
    {
        (this.name, this.executable, this.workspace, this.narrator, this.time) = (name, executable, workspace, narrator, time);
        process = Launch();
        supervision = SuperviseAsync();
    }

    public int ProcessId => process.Id;

    /// <exception cref="LabException">The binary is not there, or cannot be started.</exception>
    public static ServiceProcess Start(string name, string servicesDirectory, DemoWorkspace workspace, Narrator narrator, TimeProvider time) =>
        new(name, Executable(name, servicesDirectory), workspace, narrator, time);

    /// <summary>Where a service's binary is.</summary>
    /// <exception cref="LabException">It was not built.</exception>
    public static string Executable(string name, string servicesDirectory)
    {
        var project = $"NetPulse.{char.ToUpperInvariant(name[0])}{name[1..]}";
        var found = Directory.Exists(Path.Combine(servicesDirectory, project))
            ? Directory.EnumerateFiles(Path.Combine(servicesDirectory, project), $"netpulse-{name}", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc)
            : null;
        return found ?? throw new LabException($"find the {name}", $"no netpulse-{name} below {servicesDirectory}/{project}", "build the solution first (make build)");
    }

    /// <summary>Ends it with SIGTERM, after a while with SIGKILL.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await supervision;
        _ = LibC.kill(process.Id, LibC.SIGTERM);
        try
        {
            using var patience = new CancellationTokenSource(ShutdownPatience, time);
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            narrator.Tell(name, "did not end when asked to; killed");
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        File.Delete(ProcessFile(workspace, name));
        process.Dispose();
        stopping.Dispose();
    }

    /// <summary>Ends what a killed demo has left running in this directory.</summary>
    public static async Task EndLeftoversAsync(DemoWorkspace workspace, Narrator narrator, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var file in Directory.Exists(workspace.Root) ? Directory.GetFiles(workspace.Root, "*.pid") : [])
        {
            var service = Path.GetFileNameWithoutExtension(file);
            if (int.TryParse(await File.ReadAllTextAsync(file, cancellationToken), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && IsOurs(pid, service))
            {
                narrator.Tell(service, $"process {pid} of an earlier demo still runs; ended");
                _ = LibC.kill(pid, LibC.SIGTERM);
                for (var i = 0; i < 100 && IsOurs(pid, service); i++)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
                }
            }

            File.Delete(file);
        }
    }

    /// <summary>A process id comes back for another program; its command line tells.</summary>
    private static bool IsOurs(int pid, string name)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains($"netpulse-{name}", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string ProcessFile(DemoWorkspace workspace, string name) => Path.Combine(workspace.Root, $"{name}.pid");

    private Process Launch()
    {
        var log = Path.Combine(workspace.Logs, $"{name}.log");
        var start = new ProcessStartInfo("/usr/bin/setsid")
        {
            ArgumentList = { "sh", "-c", "exec \"$1\" --config \"$2\" >>\"$3\" 2>&1", "sh", executable, workspace.Settings(name), log },
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        var started = Process.Start(start) ?? throw new LabException($"start {executable}", "the system gave no process", "see the log");
        started.StandardInput.Close();
        File.WriteAllText(ProcessFile(workspace, name), started.Id.ToString(CultureInfo.InvariantCulture));
        return started;
    }

    private async Task SuperviseAsync()
    {
        var shortLives = 0;
        try
        {
            while (true)
            {
                var launched = time.GetTimestamp();
                await process.WaitForExitAsync(stopping.Token);
                var log = $"{Path.Combine(workspace.Logs, name)}.log";
                shortLives = time.GetElapsedTime(launched) < ShortLife ? shortLives + 1 : 0;
                if (shortLives == ShortLives)
                {
                    narrator.Tell(name, $"ended with code {process.ExitCode}, {ShortLives} times right after its start; its log says why: {log}");
                    return;
                }

                narrator.Tell(name, $"ended with code {process.ExitCode} (its log: {log}); started again in {RestartPause.TotalSeconds:0} s, as a kubelet would");
                await Task.Delay(RestartPause, time, stopping.Token);
                process.Dispose();
                process = Launch();
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop: whoever asked ends the process.
        }
    }
}
