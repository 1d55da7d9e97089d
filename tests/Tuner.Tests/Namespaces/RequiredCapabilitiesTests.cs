using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Tests.Namespaces;

public sealed class RequiredCapabilitiesTests
{
    [Theory]
    [InlineData("Name:\tx\nCapEff:\t000001ffffffffff\nNoNewPrivs:\t0\n", "")]
    [InlineData("CapEff:\t0000000000201000\n", "")]
    [InlineData("CapEff:\t0000000000200000\n", "lacks CAP_NET_ADMIN (to write their sysctls); run it as root")]
    [InlineData("CapEff:\t0000000000000000\n", "lacks CAP_SYS_ADMIN (to enter network namespaces) and CAP_NET_ADMIN")]
    [InlineData("", "lacks CAP_SYS_ADMIN")]
    public void What_is_missing_is_said_with_what_it_is_for(string status, string missing)
    {
        if (missing.Length == 0)
        {
            Assert.Empty(RequiredCapabilities.Missing(status));
        }
        else
        {
            Assert.Contains(missing, RequiredCapabilities.Missing(status), StringComparison.Ordinal);
        }
    }
}
