using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;
using NetPulse.Tuner.Desired;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Tests.Desired;

/// <summary>Each point at which a Tuner can be killed, made by hand: what is written down, and what the kernel says.</summary>
public sealed class InterruptedChangeTests : IDisposable
{
    private const string Rmem = "net.ipv4.tcp_rmem";
    private const string Earlier = "4096 131072 1111111";
    private const string Written = "4096 131072 2222222";

    private readonly TestNode node = new();
    private readonly TestNamespace pod = new();

    [KernelFact]
    public void A_wanted_value_holds_in_the_end() => ForEach((phase, current, before) =>
    {
        Wish(Written);
        node.Turn();
        Assert.True(pod.Read(Rmem) == Written, $"{phase}, {current}");
        Assert.Equal((SettingState.Applied, before), (node.StatusOf("change-1").State, node.StatusOf("change-1").Before));
    });

    [KernelFact]
    public void A_value_wanted_by_now_holds_in_the_end() => ForEach((phase, current, before) =>
    {
        Wish("4096 131072 3333333");
        node.Turn();
        Assert.True(pod.Read(Rmem) == "4096 131072 3333333", $"{phase}, {current}");
        Assert.Equal(before, node.StatusOf("change-1").Before);
    });

    [KernelFact]
    public void An_unwanted_value_is_put_back() => ForEach((phase, current, before) =>
    {
        node.Want();
        node.Turn();
        Assert.True(pod.Read(Rmem) == before, $"{phase}, {current}");
        Assert.Empty(node.Held.All);
    });

    [KernelFact]
    public void Where_the_wish_cannot_be_read_it_is_ended_as_it_was_begun() => ForEach((phase, current, before) =>
    {
        File.WriteAllText(node.SpecFile, "spec: [");
        node.Turn();
        Assert.True(pod.Read(Rmem) == (phase == HeldPhase.Writing ? Written : before), $"{phase}, {current}");
    });

    [KernelFact]
    public void What_is_due_is_put_back() => ForEach((phase, current, before) =>
    {
        node.Clock.Advance(TimeSpan.FromHours(2));
        Assert.True(node.Reconciler.RevertDue());
        Assert.True(pod.Read(Rmem) == before, $"{phase}, {current}");
    });

    [KernelFact]
    public void What_somebody_else_wrote_in_between_is_left_alone_or_put_back_after_a_wish_made_since() => ForEach((phase, _, _) =>
    {
        pod.Write(Rmem, "4096 131072 7777777");
        Wish(Written);
        node.Turn();
        Assert.Equal(phase == HeldPhase.Writing ? "4096 131072 7777777" : Written, pod.Read(Rmem));
        node.Want();
        node.Turn();
        Assert.Equal("4096 131072 7777777", pod.Read(Rmem));
    });

    public void Dispose()
    {
        node.Dispose();
        pod.Dispose();
    }

    private void ForEach(Action<HeldPhase, string, string> check)
    {
        node.AddPod("archive-0", pod.Path);
        var before = pod.Read(Rmem);
        using var sysctls = new NamespaceSysctls();
        var target = sysctls.At(pod.Path)!;
        foreach (var phase in new[] { HeldPhase.Writing, HeldPhase.Restoring })
        {
            foreach (var current in new[] { before, Earlier, Written })
            {
                pod.Write(Rmem, current);
                node.Held.Put(new HeldValue
                {
                    Setting = "change-1",
                    Sysctl = Rmem,
                    Path = pod.Path,
                    Inode = target.Namespace.Inode,
                    Cookie = target.Cookie,
                    Before = before,
                    Replaced = Earlier,
                    Written = Written,
                    Phase = phase,
                    RevertAt = node.Clock.GetUtcNow().AddHours(1),
                    At = node.Clock.GetUtcNow(),
                    Boot = BootId.Read(),
                });
                node.Restart();
                check(phase, current, before);
                node.Want();
                node.Turn();
                pod.Write(Rmem, before);
            }
        }
    }

    private void Wish(string value) => node.Want(new SysctlSetting
    {
        Name = "change-1",
        Pod = new PodReference { Namespace = "lab", Name = "archive-0" },
        Sysctl = Rmem,
        Value = value,
        RevertAt = node.Clock.GetUtcNow().AddHours(1),
    });
}
