using NetPulse.Collector.Attribution;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Sources;

/// <summary>Reads something in network namespaces of this node.</summary>
public sealed class NamespaceReader(NetworkNamespaceThread thread, NodeObserver node)
{
    /// <summary>Does the work inside each namespace. One that has just ended is left out; one in which it fails does not stop the others.</summary>
    /// <exception cref="IOException">A namespace could not be entered, or the work failed there.</exception>
    public void ForEach(Action<OwnedNamespace> work)
    {
        IOException? failure = null;
        thread.RunEach(
            node.Current.Namespaces.Present,
            static each => each.Namespace,
            target =>
            {
                try
                {
                    work(target);
                }
                catch (IOException e)
                {
                    failure ??= e;
                }
            },
            (_, e) => failure ??= e.IsGone ? null : e);
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>Does the work inside the node's own namespace.</summary>
    /// <exception cref="IOException">It could not be entered, or the work failed.</exception>
    public void InHost(Action work)
    {
        if (node.Current.Namespaces.Present.FirstOrDefault(each => each.Namespace.IsHost) is { } host)
        {
            thread.Run(host.Namespace, work);
        }
    }
}
