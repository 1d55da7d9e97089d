using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>Everyone to everyone on one class of ports, by class.</summary>
/// <param name="From">By number of the sender's class, of pods or of addresses, the classes that it reaches. Between two addresses nothing is asked.</param>
/// <remarks>What holds for single pods only is not in here: that a pod reaches itself and its own node.</remarks>
public sealed record ConnectivitySlice(PortRange Ports, BitSet[] From);

public static class ConnectivityTable
{
    /// <summary>One slice a class of ports, each made when it is asked for: all together may be large.</summary>
    public static IEnumerable<ConnectivitySlice> Of(PolicyEngine engine)
    {
        var peers = new AllowedPeers(engine);
        return Enumerable.Range(0, engine.Ports.Count).Select(portClass => Slice(engine, peers, portClass));
    }

    internal static ConnectivitySlice Slice(PolicyEngine engine, AllowedPeers peers, int portClass)
    {
        // Addresses let in every pod, as nothing is asked between two of them.
        var received = new BitSet[engine.Universe];
        for (var c = 0; c < received.Length; c++)
        {
            received[c] = engine.PodClass(c) is not null ? peers.Of(c, Direction.Ingress, portClass)
                : engine.Everyone.Contains(c) ? engine.EveryPod : new BitSet(0);
        }

        // By sender: what it is let in to.
        var from = BitSet.Transpose(received, engine.Universe);
        foreach (var c in engine.PodClasses)
        {
            from[c].And(peers.Of(c, Direction.Egress, portClass));
        }

        return new ConnectivitySlice(engine.Ports.RangeOf(portClass), from);
    }
}
