using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>The container ports of a pod that have a name.</summary>
public static class NamedPorts
{
    public static IReadOnlyList<(string Name, PortRange Port)> Of(Pod pod)
    {
        var found = new List<(string Name, PortRange Port)>();
        foreach (var container in pod.Spec.Containers)
        {
            AddTo(found, container);
        }

        foreach (var container in pod.Spec.InitContainers)
        {
            if (container.RestartPolicy == "Always")
            {
                AddTo(found, container);
            }
        }

        return found;
    }

    private static void AddTo(List<(string Name, PortRange Port)> found, Container container)
    {
        foreach (var port in container.Ports)
        {
            if (port.Name.Length > 0 && TransportProtocolText.Parse(port.Protocol) is { } protocol)
            {
                found.Add((port.Name, new PortRange(protocol, port.Number, port.Number)));
            }
        }
    }
}
