using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests;

/// <summary>A cgroup namespace whose root is below the node's, as a container's is; gone when disposed.</summary>
internal sealed partial class TestCgroupNamespace : IDisposable
{
    private const int CLONE_NEWCGROUP = 0x02000000;

    private readonly TestCgroup cgroup = new();
    private readonly Process holder;

    internal TestCgroupNamespace()
    {
        cgroup.Make("/container");
        var processes = $"{cgroup.Hierarchy.MountPoint}{cgroup.PathOf("/container")}/cgroup.procs";
        holder = Process.Start(new ProcessStartInfo("sh", ["-c", "echo $$ > \"$0\" && exec unshare -C sh -c 'echo made && exec cat'", processes])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        Assert.Equal("made", holder.StandardOutput.ReadLine());
    }

    /// <summary>Runs it on a thread that is in the namespace, as are the threads that it makes.</summary>
    internal void Run(Action action) => OwnThread.Run(() =>
    {
        using var inside = File.OpenHandle($"/proc/{holder.Id}/ns/cgroup");
        Assert.Equal(0, setns(inside, CLONE_NEWCGROUP));
        action();
    });

    public void Dispose()
    {
        holder.Kill();
        holder.WaitForExit();
        holder.Dispose();
        cgroup.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle fd, int nstype);
}
