namespace NetPulse.Optimizer.Policies.Addresses;

public enum IpFamily
{
    V4,
    V6,
}
