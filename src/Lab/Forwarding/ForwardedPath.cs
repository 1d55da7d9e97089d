using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Forwarding;

/// <summary>What joins two pods: a device in each, and a link a direction between them in this process.</summary>
public sealed class ForwardedPath : IDisposable
{
    private readonly TunDevice near;
    private readonly TunDevice far;
    private readonly BottleneckLink forward;
    private readonly BottleneckLink backward;
    private readonly ForwardingThread forwardThread;
    private readonly ForwardingThread backwardThread;

    private ForwardedPath(LabPod from, LabPod to, TunDevice near, TunDevice far, LinkSettings settings, int seed, TimeProvider time)
    {
        this.near = near;
        this.far = far;
        forward = new BottleneckLink(settings, seed);
        backward = new BottleneckLink(settings, ~seed);
        forwardThread = new ForwardingThread($"{from.Name} > {to.Name}", near, far, forward, time);
        try
        {
            backwardThread = new ForwardingThread($"{to.Name} > {from.Name}", far, near, backward, time);
        }
        catch
        {
            forwardThread.Dispose();
            throw;
        }

        Completion = FirstFailureAsync(forwardThread.Completion, backwardThread.Completion);
    }

    /// <summary>From the first pod to the second; takes effect with the next packet that leaves the bottleneck.</summary>
    public LinkSettings Forward
    {
        get => forward.Settings;
        set => forward.Settings = value;
    }

    /// <summary>From the second pod to the first.</summary>
    public LinkSettings Backward
    {
        get => backward.Settings;
        set => backward.Settings = value;
    }

    public LinkCounters ForwardCounters => forward.Counters;

    public LinkCounters BackwardCounters => backward.Counters;

    /// <summary>Round-trip time of a packet that meets no queue; set, it is halved between the directions.</summary>
    public TimeSpan RoundTripTime
    {
        get => Forward.Delay + Backward.Delay;
        set
        {
            Forward = Forward with { Delay = value / 2 };
            Backward = Backward with { Delay = value / 2 };
        }
    }

    /// <summary>Ends when disposed of; fails with a <see cref="LabException"/> when a pod's device has gone away.</summary>
    public Task Completion { get; }

    /// <summary>Joins two pods. A pod has a device for each of its paths.</summary>
    /// <param name="settings">Of each direction.</param>
    /// <param name="seed">Of loss and reordering.</param>
    /// <exception cref="LabException">A device could not be made; nothing is left behind.</exception>
    public static async Task<ForwardedPath> OpenAsync(
        NetworkNamespaceThread thread,
        LabPod from,
        LabPod to,
        LinkSettings settings,
        int seed,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var nearDevice = await TunDevice.OpenAsync(thread, from, to, cancellationToken);
        try
        {
            var farDevice = await TunDevice.OpenAsync(thread, to, from, cancellationToken);
            try
            {
                return new ForwardedPath(from, to, nearDevice, farDevice, settings, seed, time);
            }
            catch
            {
                farDevice.Dispose();
                throw;
            }
        }
        catch
        {
            nearDevice.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        forwardThread.Dispose();
        backwardThread.Dispose();
        near.Dispose();
        far.Dispose();
    }

    private static async Task FirstFailureAsync(Task one, Task other)
    {
        await await Task.WhenAny(one, other);
        await Task.WhenAll(one, other);
    }
}
