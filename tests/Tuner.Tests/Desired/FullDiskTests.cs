using System.Diagnostics;
using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;

namespace NetPulse.Tuner.Tests.Desired;

/// <summary>The state directory on a file system of 64 KiB that can be filled.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const string Rmem = "net.ipv4.tcp_rmem";
    private const string Wanted = "4096 131072 1500000";

    private readonly TestNode node = new();
    private readonly TestNamespace pod = new();
    private readonly string before;

    public FullDiskTests()
    {
        node.Stop();
        Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", node.StateDirectory);
        node.Start();
        node.AddPod("archive-0", pod.Path);
        before = pod.Read(Rmem);
    }

    [KernelFact]
    public void What_cannot_be_written_down_is_not_written_to_the_kernel()
    {
        Fill();
        Want();
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Equal(SettingState.Failed, node.StatusOf("change-1").State);

        Free();
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        node.Restart();
        Assert.Equal(before, Assert.Single(node.Held.All).Before);
    }

    [KernelFact]
    public void What_held_before_is_put_back_all_the_same()
    {
        Want();
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        Fill();
        node.Restart();
        node.Want();
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));

        Free();
        node.Turn();
        Assert.Equal(SettingState.Reverted, node.StatusOf("change-1").State);
        node.Restart();
        Assert.Empty(node.Held.All);
    }

    public void Dispose()
    {
        node.Stop();
        Run("umount", node.StateDirectory);
        node.Dispose();
        pod.Dispose();
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private string Filler => Path.Combine(node.StateDirectory, "filler");

    private void Want() => node.Want(new SysctlSetting
    {
        Name = "change-1",
        Pod = new PodReference { Namespace = "lab", Name = "archive-0" },
        Sysctl = Rmem,
        Value = Wanted,
    });

    /// <summary>Takes every page; the one in which the held file ends is made full by lines that say nothing.</summary>
    private void Fill()
    {
        using (var held = new FileStream(node.HeldFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            held.Write([.. Enumerable.Repeat((byte)'\n', (int)(-held.Length & 4095))]);
        }

        using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                filler.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            filler.Flush();
        }
    }

    private void Free() => File.Delete(Filler);
}
