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
        var received = new BitSet[engine.Pods.Count];
        for (var c = 0; c < received.Length; c++)
        {
            received[c] = peers.Of(c, Direction.Ingress, portClass);
        }

        // What each sender is let in to: by sender, over pod classes.
        var letIn = BitSet.Transpose(received, engine.Universe);
        var from = new BitSet[engine.Universe];
        for (var c = 0; c < from.Length; c++)
        {
            from[c] = c < received.Length
                ? peers.Of(c, Direction.Egress, portClass).AndFirst(letIn[c])
                : new BitSet(engine.Universe).OrFirst(letIn[c]);
        }

        return new ConnectivitySlice(engine.Ports.RangeOf(portClass), from);
    }
}
