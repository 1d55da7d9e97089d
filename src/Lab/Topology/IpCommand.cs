using System.ComponentModel;
using System.Diagnostics;

namespace NetPulse.Lab.Topology;

/// <summary>iproute2's <c>ip</c>.</summary>
/// <remarks>A command takes milliseconds and is never left half-way: cancellation is seen between two of them.</remarks>
internal static class IpCommand
{
    /// <exception cref="LabException">The command is not there, or failed.</exception>
    internal static Task RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(arguments, [], cancellationToken);

    /// <summary>Several commands in one network namespace and one process; the first that fails is the last.</summary>
    /// <exception cref="LabException">As for <see cref="RunAsync(IReadOnlyList{string}, CancellationToken)"/>.</exception>
    internal static Task BatchAsync(string networkNamespace, IReadOnlyList<string> commands, CancellationToken cancellationToken) =>
        RunAsync(["-n", networkNamespace, "-batch", "-"], commands, cancellationToken);

    /// <summary>Another command inside a network namespace.</summary>
    /// <exception cref="LabException">As for <see cref="RunAsync(IReadOnlyList{string}, CancellationToken)"/>.</exception>
    internal static Task ExecuteAsync(string networkNamespace, IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        RunAsync(["netns", "exec", networkNamespace, .. command], [], cancellationToken);

    private static async Task RunAsync(IReadOnlyList<string> arguments, IReadOnlyList<string> input, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var tried = $"ip {string.Join(' ', arguments)}{string.Concat(input.Select(line => $"\n  {line}"))}";
        using var process = Start(arguments, tried);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            foreach (var line in input)
            {
                await process.StandardInput.WriteLineAsync(line.AsMemory(), CancellationToken.None);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // ip stopped reading: its exit code and its words tell why
        }

        await process.WaitForExitAsync(CancellationToken.None);
        var said = (await error).Trim();
        if (process.ExitCode != 0)
        {
            throw new LabException(tried, $"exit code {process.ExitCode}, {said}", Remedy(said));
        }
    }

    private static Process Start(IReadOnlyList<string> arguments, string tried)
    {
        try
        {
#pragma warning disable S4036 // distributions keep ip in different folders; PATH knows which
            return Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true })
#pragma warning restore S4036
                ?? throw new InvalidOperationException("ip was not started as a new process");
        }
        catch (Win32Exception e)
        {
            throw new LabException(tried, e.Message, "install iproute2 (Debian: apt-get install iproute2)", e);
        }
    }

    private static string Remedy(string said) => said.Contains("not permitted", StringComparison.Ordinal) || said.Contains("denied", StringComparison.Ordinal)
        ? "run the lab as root: network namespaces take CAP_SYS_ADMIN and CAP_NET_ADMIN"
        : said.Contains("exec of", StringComparison.Ordinal) ? "install what is missing (scripts/install-dependencies.sh)"
        : "check what `ip netns list` shows and that this kernel has network namespaces and TUN";
}
