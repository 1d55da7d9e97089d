using System.Diagnostics;
using System.Text;

namespace NetPulse.Tuner.Tests;

/// <summary>The Tuner as a process of its own.</summary>
internal sealed class TunerProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    private TunerProcess(IEnumerable<string> arguments)
    {
        process = new Process
        {
            StartInfo = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "netpulse-tuner"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false },
        };
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    public static TunerProcess Start(TestNode node, params string[] more) => new(
    [
        "run", "--tuner:node=node-1", $"--tuner:objectsDirectory={node.ObjectsDirectory}", $"--tuner:stateDirectory={node.StateDirectory}", "--tuner:interval=50ms", .. more,
    ]);

    public static (int ExitCode, string Output) Revert(TestNode node)
    {
        using var revert = new TunerProcess(["revert", "--state", node.StateDirectory]);
        return (revert.WaitForExit(), revert.Output);
    }

    public int WaitForExit()
    {
        if (!process.WaitForExit(TimeSpan.FromSeconds(30)))
        {
            process.Kill();
            Assert.Fail($"did not end within 30 s: {Output}");
        }

        process.WaitForExit();
        return process.ExitCode;
    }

    public int Terminate()
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {process.Id}"]);
        return WaitForExit();
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (output)
        {
            output.AppendLine(line.Data);
        }
    }
}
