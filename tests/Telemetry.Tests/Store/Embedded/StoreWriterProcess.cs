using System.Diagnostics;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

/// <summary>The program tests/StoreWriter at work on a store's directory.</summary>
internal sealed class StoreWriterProcess : IDisposable
{
    private readonly Process process;

    public StoreWriterProcess(string directory, long firstNumber, long start)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "NetPulse.StoreWriter.dll");
        process = Process.Start(new ProcessStartInfo("dotnet", [program, directory, $"{firstNumber}", $"{start}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    /// <returns>The next acknowledged number; <see langword="null"/> when the process has ended.</returns>
    public async Task<long?> NextAsync() => await process.StandardOutput.ReadLineAsync() is { } line && long.TryParse(line, out var number) ? number : null;

    /// <summary>SIGKILL.</summary>
    public void Kill() => process.Kill();

    public async Task<(int ExitCode, string Error)> EndAsync()
    {
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, error);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }
}
