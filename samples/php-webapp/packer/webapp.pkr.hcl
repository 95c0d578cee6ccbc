// Bakes the application into a managed image: the HCL2 twin of webapp.json.
//
// Packer 1.7 and later keep azure-arm and ansible-local in plugins: run `packer init packer/plugins` once. The plugins are
// named there and not here because Packer 1.6, which has both built in, refuses a template with required_plugins.

variable "client_id" {
  type = string
  validation {
    condition     = length(var.client_id) > 0
    error_message = "The client_id is empty, and without one Packer looks for a managed identity; set PKR_VAR_client_id."
  }
}

variable "client_secret" {
  type      = string
  sensitive = true
}

variable "tenant_id" {
  type = string
}

variable "subscription_id" {
  type = string
}

variable "image_resource_group" {
  type        = string
  description = "Resource group for the image; must be there."
}

variable "image_name" {
  type = string
}

variable "app_version" {
  type        = string
  description = "What /health tells."
}

variable "commit" {
  type    = string
  default = "unknown"
}

variable "location" {
  type    = string
  default = "westeurope"
}

variable "vm_size" {
  type    = string
  default = "Standard_B2s"
}

variable "manifest" {
  type    = string
  default = "packer-manifest.json"
}

source "azure-arm" "webapp" {
  client_id       = var.client_id
  client_secret   = var.client_secret
  tenant_id       = var.tenant_id
  subscription_id = var.subscription_id

  os_type         = "Linux"
  image_publisher = "Debian"
  image_offer     = "debian-12"
  image_sku       = "12"

  location = var.location
  vm_size  = var.vm_size

  managed_image_resource_group_name = var.image_resource_group
  managed_image_name                = var.image_name

  azure_tags = {
    application = "php-webapp"
    version     = var.app_version
    commit      = var.commit
  }
}

build {
  sources = ["source.azure-arm.webapp"]

  provisioner "shell" {
    script          = "${path.root}/provision/prepare.sh"
    execute_command = "chmod +x {{.Path}}; sudo {{.Vars}} {{.Path}}"
  }

  provisioner "file" {
    source      = "${path.root}/../app/"
    destination = "/tmp/webapp"
  }

  provisioner "ansible-local" {
    playbook_file           = "${path.root}/provision/playbook.yml"
    playbook_dir            = "${path.root}/provision"
    clean_staging_directory = true
    extra_arguments         = ["--extra-vars", "app_version=${var.app_version}"]
  }

  provisioner "shell" {
    inline          = ["/usr/sbin/waagent -force -deprovision+user && export HISTSIZE=0 && sync"]
    inline_shebang  = "/bin/sh -ex"
    execute_command = "chmod +x {{.Path}}; sudo {{.Vars}} {{.Path}}"
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
  }
}
