package local

import (
	"strings"

	"github.com/highwater-sam/highwater/inventory"
)

// suspectCloud names the cloud provider that the machine's firmware points to; "" for none. It asks nobody.
func suspectCloud(t *tree, h *inventory.Hardware) string {
	maker := strings.ToLower(h.Manufacturer)
	bios := strings.ToLower(t.text("cloud", dmiFolder+"bios_vendor") + " " + t.text("cloud", dmiFolder+"bios_version"))
	switch {
	case maker == "amazon ec2", strings.Contains(bios, "amazon"), strings.HasPrefix(strings.ToLower(h.UUID), "ec2") && maker == "xen",
		strings.HasPrefix(strings.ToLower(t.text("cloud", "sys/hypervisor/uuid")), "ec2"):
		return "aws"
	case t.text("cloud", dmiFolder+"chassis_asset_tag") == "7783-7084-3265-9085-8269-3286-77":
		return "azure"
	case maker == "google" || strings.HasPrefix(h.Model, "Google Compute Engine"):
		return "google"
	case maker == "alibaba cloud":
		return "alibaba"
	case strings.HasPrefix(t.text("cloud", dmiFolder+"chassis_asset_tag"), "OracleCloud"):
		return "oracle"
	}
	return ""
}

// fromAssetTag returns what EC2's firmware itself says of the instance: its id, readable by everybody on Nitro.
func fromAssetTag(t *tree) *inventory.Cloud {
	c := &inventory.Cloud{Provider: "aws"}
	if id := t.text("cloud", dmiFolder+"board_asset_tag"); strings.HasPrefix(id, "i-") {
		c.InstanceID = id
	}
	return c
}
