using System.Diagnostics;

namespace NetPulse.Tests;

/// <summary>A test that asks promtool; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute() => Skip = Promtool.IsInstalled ? null : "needs promtool: scripts/install-dependencies.sh --test installs it";
}

internal static class Promtool
{
    internal static bool IsInstalled => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "promtool")));

    /// <returns>What <c>promtool check metrics</c> says of the text; nothing when all is well.</returns>
    internal static string Check(string text)
    {
        using var process = Process.Start(new ProcessStartInfo("promtool", "check metrics")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        var said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return said;
    }
}
