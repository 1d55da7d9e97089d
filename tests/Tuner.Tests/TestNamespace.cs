using System.Diagnostics;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Linux.Sysctls;

namespace NetPulse.Tuner.Tests;

/// <summary>A network namespace of a test, gone when the test is over.</summary>
internal sealed class TestNamespace : IDisposable
{
    private static int count;

    private readonly NetworkNamespaceThread thread = new();

    public TestNamespace() => Add();

    public string Name { get; } = $"nptest-{Environment.ProcessId}-{Interlocked.Increment(ref count)}";

    public string Path => $"/run/netns/{Name}";

    public string Read(string sysctl) => thread.Run(NetworkNamespaceList.At(Path)!, () => Sysctl.Read(sysctl)!);

    /// <summary>As an administrator would.</summary>
    public void Write(string sysctl, string value) => thread.Run(NetworkNamespaceList.At(Path)!, () => Sysctl.Write(sysctl, value));

    public void Add() => Ip("netns", "add", Name);

    public void Delete() => Ip("netns", "delete", Name);

    /// <summary>A process that lives in the namespace until it is killed.</summary>
    public Process Inhabit() => Process.Start("ip", ["netns", "exec", Name, "sleep", "600"]);

    public void Dispose()
    {
        thread.Dispose();
        if (File.Exists(Path))
        {
            Delete();
        }
    }

    private static void Ip(params string[] arguments)
    {
        using var ip = Process.Start("ip", arguments);
        ip.WaitForExit();
        Assert.Equal(0, ip.ExitCode);
    }
}
