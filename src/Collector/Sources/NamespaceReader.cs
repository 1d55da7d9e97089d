using NetPulse.Collector.Attribution;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Sources;

/// <summary>Reads something in each network namespace of this node.</summary>
public sealed class NamespaceReader(NetworkNamespaceThread thread, NodeObserver node)
{
    /// <summary>What the function finds in each namespace. A namespace that has just ended is left out.</summary>
    /// <exception cref="IOException">A namespace could not be read.</exception>
    public IEnumerable<(OwnedNamespace Target, T Found)> ReadEach<T>(Func<T> function)
        where T : class
    {
        foreach (var target in node.Current.Namespaces.Present)
        {
            T? found = null;
            try
            {
                found = thread.Run(target.Namespace, function);
            }
            catch (NetworkNamespaceException e) when (e.IsGone)
            {
                // It ended since it was listed: that is no failure.
            }

            if (found is not null)
            {
                yield return (target, found);
            }
        }
    }
}
