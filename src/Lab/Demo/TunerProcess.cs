using System.Diagnostics;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Demo;

/// <summary>The Tuner's commands.</summary>
internal static class TunerProcess
{
    private const string Heading = "## ";

    /// <summary>Puts back what a Tuner that has ended holds; tells each value.</summary>
    /// <returns>Whether all could be put back.</returns>
    internal static async Task<bool> RevertAsync(string servicesDirectory, DemoWorkspace workspace, Narrator narrator)
    {
        using var revert = Start(servicesDirectory, ["revert", "--state", workspace.TunerState]);
        while (await revert.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            narrator.Tell("revert", line);
        }

        await revert.WaitForExitAsync(CancellationToken.None);
        return revert.ExitCode == 0;
    }

    /// <summary>The sysctls that it accepts, from its own reference page.</summary>
    internal static async Task<IReadOnlyList<string>> KnobsAsync(string servicesDirectory, CancellationToken cancellationToken)
    {
        using var knobs = Start(servicesDirectory, ["knobs", "--markdown"]);
        var page = await knobs.StandardOutput.ReadToEndAsync(cancellationToken);
        await knobs.WaitForExitAsync(cancellationToken);
        return [.. page.Split('\n').Where(line => line.StartsWith($"{Heading}net.", StringComparison.Ordinal)).Select(line => line[Heading.Length..].Trim())];
    }

    private static Process Start(string servicesDirectory, IReadOnlyList<string> arguments) =>
        Process.Start(new ProcessStartInfo(ServiceProcess.Executable("tuner", servicesDirectory), arguments) { RedirectStandardOutput = true, UseShellExecute = false })
            ?? throw new LabException("start the tuner", "the system gave no process", "build the solution first (make build)");
}
