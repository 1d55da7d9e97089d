using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>The container ports of a pod that have a name.</summary>
public static class NamedPorts
{
    public static IEnumerable<(string Name, PortRange Port)> Of(Pod pod) =>
        from container in pod.Spec.Containers.Concat(pod.Spec.InitContainers.Where(static c => c.RestartPolicy == "Always"))
        from port in container.Ports
        where port.Name.Length > 0
        let protocol = TransportProtocolText.Parse(port.Protocol)
        where protocol is not null
        select (port.Name, new PortRange(protocol.Value, port.Number, port.Number));

    /// <summary>Whether a container of any kind states a port of one of these names.</summary>
    public static bool HasAny(Pod pod, ICollection<string> names)
    {
        foreach (var container in pod.Spec.Containers.Concat(pod.Spec.InitContainers))
        {
            foreach (var port in container.Ports)
            {
                if (port.Name.Length > 0 && names.Contains(port.Name))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
